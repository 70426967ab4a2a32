// SPDX-License-Identifier: Apache-2.0
import { open, readdir, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Results } from "../../base/results.js";
import { captureOf, capturePaths, markedPath, packetsOf } from "../../report/captures.js";
import { makeFolder, writeWhole } from "./write.js";

/** As much of a file as has its mark. */
const markSize = 4096;
/** Folders in each other that captures can be in: package, kernel, and the parts of a case. */
const maxDepth = 8;

/**
 * Writes the packets of failed vectors below a folder, each file whole or not at all, and then
 * takes away those that an earlier run has left there. What no run has written there stays.
 */
export async function writeCaptures(folder: string, results: Results): Promise<void> {
	const written = new Set<string>();
	for (const [result, path] of capturePaths(results)) {
		const packets = packetsOf(result);
		if (!packets) continue;
		await makeFolder(dirname(join(folder, path)));
		await writeWhole(join(folder, path), captureOf(result, packets, path));
		written.add(path);
	}
	await removeStale(folder, [], written);
}

async function removeStale(folder: string, parts: string[], written: ReadonlySet<string>): Promise<void> {
	const here = join(folder, ...parts);
	const entries = await readdir(here, { withFileTypes: true }).catch(() => []);
	let removed = 0;
	for (const entry of entries) {
		const below = [...parts, entry.name];
		const path = below.join("/");
		if (entry.isDirectory() && below.length < maxDepth) {
			await removeStale(folder, below, written);
		} else if (entry.isFile() && path.endsWith(".pcapng") && !written.has(path)) {
			if ((await markOf(join(folder, path))) !== path) continue;
			await rm(join(folder, path), { force: true });
			removed++;
		}
	}
	const changed = removed > 0 || entries.some((entry) => entry.isDirectory());
	if (changed && parts.length > 0) await rmdirEmpty(here);
}

/** The path that a capture says it was written to. */
async function markOf(path: string): Promise<string | undefined> {
	try {
		await using file = await open(path, "r");
		const { buffer, bytesRead } = await file.read(Buffer.alloc(markSize), 0, markSize, 0);
		return markedPath(buffer.subarray(0, bytesRead));
	} catch {
		return undefined;
	}
}

async function rmdirEmpty(folder: string): Promise<void> {
	const left = await readdir(folder).catch(() => [""]);
	if (left.length === 0) await rmdir(folder).catch(() => undefined);
}
