// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import type { Static, TSchema } from "@sinclair/typebox";
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
