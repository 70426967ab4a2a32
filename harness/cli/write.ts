// SPDX-License-Identifier: Apache-2.0
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError } from "../errors.js";

/** Writes a whole file or none: under a name of this process in the same folder, then renamed. */
export async function writeWhole(path: string, text: string): Promise<void> {
	const partial = `${path}.${process.pid}.partial`;
	try {
		await writeFile(partial, text, { flag: "wx" });
		await rename(partial, path);
	} finally {
		await rm(partial, { force: true });
	}
}

/** @throws InputError when a file of this name could not be written: there is no such folder, or it is one itself */
export async function assertWritableFile(path: string): Promise<void> {
	if ((await kindOf(path)) === "folder") throw new InputError(path, "", "is a folder, not a file");
	if ((await kindOf(dirname(path))) !== "folder") throw new InputError(dirname(path), "", "is not a folder");
}

/** @throws InputError when there is something of this name that is not a folder */
export async function assertFolderOrNothing(path: string): Promise<void> {
	if ((await kindOf(path)) === "other") throw new InputError(path, "", "is not a folder");
}

async function kindOf(path: string): Promise<"folder" | "other" | "nothing"> {
	const stats = await stat(path).catch(() => undefined);
	if (!stats) return "nothing";
	return stats.isDirectory() ? "folder" : "other";
}
