// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { InputError } from "../../base/errors.js";
import { maxPackageBytes } from "./archive.js";
import { type Entry, openFiles } from "./files.js";
import { manifestName, type Package } from "./package.js";

/** A file of a package by its content, or why its path has none that can be named. */
export type Content = ContentFile | { path: string; kind: Exclude<Entry["kind"], "file"> };

export interface ContentFile {
	path: string;
	kind: "file";
	/** Lower-case hexadecimal. */
	sha256: string;
	/** Bytes. */
	size: number;
}

/**
 * Everything that is in a package, hidden files too, by the bytes of the path; folder and archive
 * of the same files agree. Modes, owners, times and empty folders do not count. Signatures are
 * those that `pkg` has in memory, all else is read again.
 * @throws InputError when a file cannot be read, or there is more than a package may hold
 */
export async function contentsOf(pkg: Package): Promise<Content[]> {
	const files = await openFiles(pkg.path, manifestName);
	if (files.kind === "object") return [];
	const read = new Map(pkg.signatures.map(({ file, bytes }) => [file, bytes]));
	const found: Content[] = [];
	let total = 0;
	for (const { path, kind } of await files.entries("")) {
		if (kind !== "file") {
			found.push({ path, kind });
			continue;
		}
		// A name that is not UTF-8 has become another one.
		const bytes = path.includes("\ufffd") ? undefined : (read.get(path) ?? (await files.read(path)));
		if (!bytes) {
			found.push({ path, kind: "other" });
			continue;
		}
		total += bytes.length;
		if (total > maxPackageBytes)
			throw new InputError(pkg.path, "", `holds more than ${maxPackageBytes} bytes`);
		found.push({ path, kind, sha256: createHash("sha256").update(bytes).digest("hex"), size: bytes.length });
	}
	return found;
}
