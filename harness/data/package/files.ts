// SPDX-License-Identifier: Apache-2.0
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { InputError, unreadable } from "../../base/errors.js";
import { readRegular } from "../../base/host-files.js";
import { isArchive, maxPackageBytes, readArchive } from "./archive.js";

/** There is nothing at the path that a user named: the invocation is wrong, not a package. */
export class NoSuchInput extends InputError {}

/** The files of a package, wherever they are. */
export interface Files {
	kind: "package";
	/** The bytes; undefined when there is no such file. @throws InputError when it is unreadable */
	read(path: string): Promise<Uint8Array | undefined>;
	/** Paths of all files below a folder of the package, sorted; none without the folder. */
	list(folder: string): Promise<string[]>;
	/** How messages call a file of the package. */
	display(path: string): string;
}

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
		async list(folder) {
			const below = join(real, folder);
			// Before it is walked: a link might lead to the whole file system.
			if (
				await lstat(below).then(
					(info) => info.isSymbolicLink(),
					() => false,
				)
			)
				throw new InputError(display(folder), "", "is a link, where a package has a folder");
			const entries = await readdir(below, { recursive: true, withFileTypes: true }).catch((cause) => {
				if (cause.code === "ENOENT") return [];
				throw unreadable(display(folder), cause);
			});
			const files = entries.filter((entry) => !entry.isDirectory());
			return files.map((entry) => relative(real, join(entry.parentPath, entry.name))).sort();
		},
	};
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
		async list(folder) {
			const names = [...entries.keys()].filter((name) => name.startsWith(`${prefix}${folder}/`));
			return names.map((name) => name.slice(prefix.length)).sort();
		},
	};
}
