// SPDX-License-Identifier: Apache-2.0
import { readFile, stat } from "node:fs/promises";
import { replaceFile, sha256File } from "../../base/host-files.js";

/**
 * SHA-256 of a file of the store, in hex. The file is not hashed again while its device, inode,
 * size, modification and status-change time are those noted beside it (`<path>.digest`) when it was
 * last hashed: no program can write to the file without changing the last of them. Corruption of
 * the disk itself goes unnoticed until the note is removed.
 */
export async function storedDigest(path: string): Promise<string> {
	const status = await stat(path, { bigint: true });
	const identity = [status.dev, status.ino, status.size, status.mtimeNs, status.ctimeNs].join(" ");
	const note = `${path}.digest`;
	const [noted, digest] = (await readFile(note, "utf8").catch(() => "")).split("\n");
	if (noted === identity && /^[0-9a-f]{64}$/.test(digest ?? "")) return digest!;
	const fresh = await sha256File(path);
	// A read-only store can still be used.
	await replaceFile(note, `${identity}\n${fresh}\n`).catch(() => {});
	return fresh;
}
