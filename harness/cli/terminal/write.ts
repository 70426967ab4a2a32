// SPDX-License-Identifier: Apache-2.0

import { constants, mkdtempSync, rmdirSync } from "node:fs";
import { access, mkdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InputError, systemReason } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";

/**
 * Writes a whole file or none: under a name of this process in the same folder, then renamed. A
 * link stays one; what is there and no regular file (`/dev/stderr`, a FIFO) is written to.
 * @throws UndecidedError `not-written`
 */
export async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
	try {
		if ((await kindOf(path)) === "other") return await writeFile(path, content);
		const target = await realpath(path).catch(() => path);
		const partial = `${target}.${process.pid}.partial`;
		try {
			await writeFile(partial, content, { flag: "wx" });
			await rename(partial, target);
		} finally {
			await rm(partial, { force: true });
		}
	} catch (cause) {
		throw undecided("not-written", { path, why: systemReason(cause) }, { cause });
	}
}

/** @throws InputError when no file of this name can be written; tries, leaves nothing */
export async function assertWritableFile(path: string): Promise<void> {
	const folder = dirname(path);
	switch (await kindOf(path)) {
		case "folder":
			throw new InputError(path, "", "is a folder, not a file");
		case "other":
			await access(path, constants.W_OK).catch((cause) => {
				throw unwritable(path, cause);
			});
			return;
		case "file":
			return assertRoom(dirname(await realpath(path)));
		case "nothing":
			if ((await kindOf(folder)) !== "folder") throw new InputError(folder, "", "is not a folder");
			return assertRoom(folder);
	}
}

/** @throws InputError when the folder is not there and cannot be made, or takes no file */
export async function assertWritableFolder(path: string): Promise<void> {
	const kind = await kindOf(path);
	if (kind === "folder") return assertRoom(path);
	if (kind !== "nothing") throw new InputError(path, "", "is not a folder");
	return assertWritableFolder(dirname(resolve(path)));
}

/** Makes a folder and those above. Node's `recursive` hangs where /proc refuses one. */
export async function makeFolder(path: string): Promise<void> {
	if ((await kindOf(path)) === "folder") return;
	await makeFolder(dirname(resolve(path)));
	await mkdir(path).catch((cause) => {
		throw unwritable(path, cause);
	});
}

function assertRoom(folder: string): void {
	try {
		rmdirSync(mkdtempSync(join(folder, ".bpfgate-")));
	} catch (cause) {
		throw unwritable(folder, cause);
	}
}

function unwritable(path: string, cause: unknown): InputError {
	return new InputError(path, "", `cannot be written to: ${systemReason(cause)}`, { cause });
}

async function kindOf(path: string): Promise<"file" | "folder" | "other" | "nothing"> {
	const stats = await stat(path).catch(() => undefined);
	if (!stats) return "nothing";
	return stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other";
}
