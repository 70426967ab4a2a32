// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { InputError } from "../errors.js";
import { maxObjectBytes } from "./elf.js";

/** Where a package's files come from. */
export interface Files {
	kind: "folder" | "archive";
	/** The file's bytes; undefined when there is no such file. */
	read(path: string): Promise<Uint8Array | undefined>;
	/** How messages call a file of the package. */
	display(path: string): string;
}

export interface BareObject {
	kind: "object";
	bytes: Uint8Array;
}

/** Looks at what `path` is by its content, not by its name. @throws InputError when it cannot be read */
export async function openFiles(path: string): Promise<Files | BareObject> {
	const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
		throw new InputError(
			path,
			"",
			cause.code === "ENOENT" ? "does not exist" : `cannot be read: ${cause.code}`,
			{ cause },
		);
	});
	if (info.isDirectory()) return folder(path);
	return { kind: "object", bytes: await readRegular(path, path) };
}

async function folder(root: string): Promise<Files> {
	const real = await realpath(root);
	const display = (path: string) => join(root, path);
	return {
		kind: "folder",
		display,
		async read(path) {
			const target = await realpath(join(real, path)).catch(() => undefined);
			if (target === undefined) return undefined;
			if (!target.startsWith(real === sep ? sep : real + sep))
				throw new InputError(display(path), "", "is a link that leads out of the package");
			return readRegular(target, display(path));
		},
	};
}

/** Reads a regular file of bounded size; a FIFO or device is refused before it can block. */
async function readRegular(path: string, display: string): Promise<Uint8Array> {
	let handle: FileHandle | undefined;
	try {
		handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const info = await handle.stat();
		if (!info.isFile()) throw new InputError(display, "", "is no regular file");
		if (info.size > maxObjectBytes)
			throw new InputError(
				display,
				"",
				`has ${info.size} bytes, more than the ${maxObjectBytes} that are read`,
			);
		return new Uint8Array(await handle.readFile());
	} catch (cause) {
		if (cause instanceof InputError) throw cause;
		throw new InputError(display, "", `cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { cause });
	} finally {
		await handle?.close();
	}
}
