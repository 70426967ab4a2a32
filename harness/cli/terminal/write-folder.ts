// SPDX-License-Identifier: Apache-2.0
import { open, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../base/errors.js";
import type { Results } from "../../base/results.js";
import type { FolderOutput } from "../../report/output.js";
import { type InputPlaces, placeOf } from "./output-places.js";
import { makeFolder, writeWhole } from "./write.js";

/** Bytes of a file by which an output recognises its own. */
const markSize = 4096;
/** Levels of folders that are searched for files of an earlier run. */
const maxDepth = 8;

/** Writes each file whole or not at all, then removes what only an earlier run wrote there. */
export async function writeFolder(
	folder: string,
	output: FolderOutput,
	results: Results,
	inputs: InputPlaces = new Map(),
): Promise<void> {
	const written = new Set<string>();
	for (const { path, content } of output.render(results)) {
		const target = join(folder, path);
		const input = inputs.get((await placeOf(target)) ?? "");
		if (input !== undefined)
			throw new InputError(target, "", `is ${input}, which this run read; not overwritten`);
		await makeFolder(dirname(target));
		await writeWhole(target, content);
		written.add(path);
	}
	if (output.stale) await removeStale(folder, output.stale, written, inputs);
}

async function removeStale(
	folder: string,
	{ below, suffix, wrote }: NonNullable<FolderOutput["stale"]>,
	written: ReadonlySet<string>,
	inputs: InputPlaces,
): Promise<void> {
	const top = join(folder, below);
	const visit = async (parts: string[]): Promise<void> => {
		const here = join(top, ...parts);
		const entries = await readdir(here, { withFileTypes: true }).catch(() => []);
		let removed = 0;
		for (const entry of entries) {
			const path = [...parts, entry.name].join("/");
			if (entry.isDirectory() && parts.length + 1 < maxDepth) {
				await visit([...parts, entry.name]);
			} else if (entry.isFile() && path.endsWith(suffix) && !written.has(join(below, path))) {
				const start = await startOf(join(top, path));
				if (!start || !wrote(path, start)) continue;
				if (inputs.has((await placeOf(join(top, path))) ?? "")) continue;
				await rm(join(top, path), { force: true });
				removed++;
			}
		}
		const changed = removed > 0 || entries.some((entry) => entry.isDirectory());
		if (changed && parts.length > 0) await rmdirEmpty(here);
	};
	await visit([]);
}

async function startOf(path: string): Promise<Uint8Array | undefined> {
	try {
		await using file = await open(path, "r");
		const { buffer, bytesRead } = await file.read(Buffer.alloc(markSize), 0, markSize, 0);
		return buffer.subarray(0, bytesRead);
	} catch {
		return undefined;
	}
}

async function rmdirEmpty(folder: string): Promise<void> {
	const left = await readdir(folder).catch(() => [""]);
	if (left.length === 0) await rmdir(folder).catch(() => undefined);
}
