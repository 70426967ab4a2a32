// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import type { Static, TSchema } from "@sinclair/typebox";
import { replaceFile } from "./host-files.js";
import type { Validator } from "./validate.js";

/** What a JSON file of the cache holds; undefined when it is missing or invalid. */
export async function readKept<T extends TSchema>(
	path: string,
	schema: Validator<T>,
): Promise<Static<T> | undefined> {
	try {
		const value: unknown = JSON.parse(await readFile(path, "utf8"));
		return schema.accepts(value) ? value : undefined;
	} catch {
		return undefined;
	}
}

/** Keeps an answer in the cache, unless that is read-only or full: then it is asked for again. */
export async function keep(path: string, content: string): Promise<void> {
	await replaceFile(path, content).catch(() => {});
}
