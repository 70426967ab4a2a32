// SPDX-License-Identifier: Apache-2.0
import type { Dirent } from "node:fs";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { InputError, unreadable } from "../../base/errors.js";
import { readRegular } from "../../base/host-files.js";
import { isArchive, maxEntries, maxPackageBytes, readArchive } from "./archive.js";

/** There is nothing at the path that a user named: the invocation is wrong, not a package. */
export class NoSuchInput extends InputError {}

/** The files of a package, wherever they are. */
export interface Files {
	kind: "package";
	/** The bytes; undefined when there is no such file. @throws InputError when it is unreadable */
	read(path: string): Promise<Uint8Array | undefined>;
	/**
	 * All that is below a folder of the package ("": the package) and is no folder itself, by the
	 * bytes of the path; none without the folder. @throws InputError when it is too much
	 */
	entries(folder: string): Promise<Entry[]>;
	/** How messages call a file of the package. */
	display(path: string): string;
}

/** What stands at a path of a package; no link is followed, no repository entered. */
export interface Entry {
	path: string;
	kind: "file" | "link" | "repository" | "other";
}

/** What version control keeps in a package's folder: it changes with use, and is never entered. */
const repository = /^(?:.*?\/)??\.(?:git|hg|svn)(?=\/|$)/s;

/** A single file that is not an archive: taken for an ELF object. */
export interface BareObject {
	kind: "object";
	bytes: Uint8Array;
}

/** Folder, archive or bare object, by what it is. @throws InputError when `path` cannot be read */
export async function openFiles(path: string, marker: string): Promise<Files | BareObject> {
	if (path === "") throw new NoSuchInput('""', "", "names no file");
	const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
		throw cause.code === "ENOENT"
			? new NoSuchInput(path, "", "does not exist", { cause })
			: unreadable(path, cause);
	});
	if (info.isDirectory()) return folder(path);
	const bytes = await readRegular(path, maxPackageBytes);
	return isArchive(bytes) ? archive(path, bytes, marker) : { kind: "object", bytes };
}

async function folder(root: string): Promise<Files> {
	const real = await realpath(root);
	const display = (path: string) => join(root, path);
	return {
		kind: "package",
		display,
		async read(path) {
			const target = await realpath(join(real, path)).catch((cause: NodeJS.ErrnoException) => {
				if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
				throw unreadable(display(path), cause);
			});
			if (target === undefined) return undefined;
			if (!target.startsWith(real === sep ? sep : real + sep))
				throw new InputError(display(path), "", "is a link that leads out of the package");
			return readRegular(target, maxPackageBytes, display(path));
		},
		async entries(folder) {
			const top = join(real, folder);
			// Before it is walked: a link might lead to the whole file system.
			const info = await lstat(top).catch(() => undefined);
			if (info?.isSymbolicLink())
				throw new InputError(display(folder), "", "is a link, where a package has a folder");
			const found: Entry[] = [];
			const waiting = [folder];
			let count = 0;
			for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
				for (const entry of await readFolder(join(real, path), display(path))) {
					if (++count > maxEntries)
						throw new InputError(display(folder), "", `holds more than ${maxEntries} files and folders`);
					const below = path === "" ? entry.name : `${path}/${entry.name}`;
					if (repository.test(below)) found.push({ path: below, kind: "repository" });
					else if (entry.isDirectory()) waiting.push(below);
					else if (entry.isSymbolicLink()) found.push({ path: below, kind: "link" });
					else found.push({ path: below, kind: entry.isFile() ? "file" : "other" });
				}
			}
			return byPath(found);
		},
	};
}

/** What is in a folder; nothing where there is none. */
async function readFolder(path: string, display: string): Promise<Dirent[]> {
	return readdir(path, { withFileTypes: true }).catch((cause) => {
		if (cause.code === "ENOENT") return [];
		throw unreadable(display, cause);
	});
}

function byPath(entries: Entry[]): Entry[] {
	return entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** The package is at the top of the archive or in its only folder, as `tar czf` makes it. */
async function archive(path: string, bytes: Uint8Array, marker: string): Promise<Files> {
	const entries = await readArchive(path, bytes);
	const tops = new Set([...entries.keys()].map((name) => name.split("/")[0]));
	const only = tops.size === 1 ? `${[...tops][0]}/` : "";
	const prefix = !entries.has(marker) && entries.has(only + marker) ? only : "";
	const display = (name: string) => `${path}/${prefix}${name}`;
	return {
		kind: "package",
		display,
		async read(name) {
			const entry = entries.get(prefix + name);
			if (entry?.kind === "link")
				throw new InputError(display(name), "", "is a link; of an archive only regular files are read");
			return entry?.bytes;
		},
		async entries(folder) {
			const below = folder === "" ? prefix : `${prefix}${folder}/`;
			const found = new Map<string, Entry>();
			for (const [name, { kind }] of entries) {
				if (!name.startsWith(below)) continue;
				const path = name.slice(prefix.length);
				const kept = repository.exec(path)?.[0];
				found.set(kept ?? path, kept === undefined ? { path, kind } : { path: kept, kind: "repository" });
			}
			return byPath([...found.values()]);
		},
	};
}
