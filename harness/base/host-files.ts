// SPDX-License-Identifier: Apache-2.0
import { createHash, randomUUID } from "node:crypto";
import { constants, createReadStream, existsSync, rmSync } from "node:fs";
import { type FileHandle, mkdir, mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { makersPrefix, removeAbandoned } from "./abandoned.js";
import { InputError, unreadable } from "./errors.js";

/** SHA-256 of a file's content, in hex. */
export async function sha256File(path: string): Promise<string> {
	const hash = createHash("sha256");
	await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
	return hash.digest("hex");
}

/** SHA-256 of bytes or of text as UTF-8, in hex. */
export function sha256(content: Uint8Array | string): string {
	return createHash("sha256").update(content).digest("hex");
}

/**
 * A regular file of at most `most` bytes; a FIFO or device is refused before it can block.
 * @param display as messages call it
 * @throws InputError
 */
export async function readRegular(path: string, most: number, display = path): Promise<Uint8Array> {
	let handle: FileHandle | undefined;
	try {
		handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
		const info = await handle.stat();
		if (!info.isFile()) throw new InputError(display, "", "is not a regular file");
		if (info.size > most)
			throw new InputError(display, "", `has ${info.size} bytes, more than the ${most} that are read`);
		return new Uint8Array(await handle.readFile());
	} catch (cause) {
		if (cause instanceof InputError) throw cause;
		throw unreadable(display, cause);
	} finally {
		await handle?.close();
	}
}

/** Creates a folder and its parents. On a read-only file system, Node's own way says ENOENT. */
export async function makeFolder(path: string): Promise<void> {
	try {
		await mkdir(path, { recursive: true });
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		let first = path;
		while (!existsSync(dirname(first))) first = dirname(first);
		await mkdir(first);
		await mkdir(path, { recursive: true });
	}
}

/** Writes a file atomically and creates its folder. Readers see the old content or the new one. */
export async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
	await makeFolder(dirname(path));
	const temporary = passing(`${path}.${randomUUID()}`);
	try {
		await writeFile(temporary, content);
		await rename(temporary, path);
	} catch (error) {
		// A full disk is reported by write(2), which knows no path.
		if (error instanceof Error && "syscall" in error) Object.assign(error, { path });
		throw error;
	} finally {
		await remove(temporary);
	}
}

/**
 * Gives `use` an empty folder and removes it afterwards, also when the process exits meanwhile.
 * Removes first what killed processes left in `parent`.
 * @param parent where to create it; default: the system's folder for temporary files
 */
export async function withTemporaryFolder<T>(
	use: (folder: string) => Promise<T>,
	parent: string = tmpdir(),
): Promise<T> {
	await makeFolder(parent);
	await removeAbandoned(parent, temporaryName);
	const folder = passing(await mkdtemp(join(parent, makersPrefix(temporaryName))));
	try {
		return await use(folder);
	} finally {
		await remove(folder);
	}
}

const temporaryName = "bpfgate-";

const temporaries = new Set<string>();

function passing(path: string): string {
	if (temporaries.size === 0) process.on("exit", removeAll);
	temporaries.add(path);
	return path;
}

async function remove(path: string): Promise<void> {
	await rm(path, { recursive: true, force: true });
	temporaries.delete(path);
	if (temporaries.size === 0) process.off("exit", removeAll);
}

function removeAll(): void {
	for (const path of temporaries) rmSync(path, { recursive: true, force: true });
}
