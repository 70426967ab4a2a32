// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Static, TSchema } from "@sinclair/typebox";
import type { Validator } from "./validate.js";

/**
 * Folder in which bpfgate keeps kernels, templates and downloads: `BPFGATE_CACHE`, else
 * `XDG_CACHE_HOME`/bpfgate, else ~/.cache/bpfgate (XDG Base Directory Specification). It may not
 * exist yet.
 */
export function cacheRoot(env: NodeJS.ProcessEnv = process.env): string {
	if (env.BPFGATE_CACHE) return env.BPFGATE_CACHE;
	const base = env.XDG_CACHE_HOME || join(homedir(), ".cache");
	return join(base, "bpfgate");
}

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
