// SPDX-License-Identifier: Apache-2.0

import { constants } from "node:os";
import { undecided } from "../../data/reasons/registry/registry.js";
import { type GuestClient, GuestError } from "../guest/client.js";

/** For large files; /proc/sys allocates the requested size and fails when that is too large. */
const CHUNK = 4 * 1024 * 1024;
const TEXT_CHUNK = 64 * 1024;
/** vmlinux BTF has about 6 MiB. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A whole file of the guest, or undefined. @throws UndecidedError when it does not end */
export async function readFile(
	client: GuestClient,
	path: string,
	max = CHUNK,
): Promise<Uint8Array | undefined> {
	const chunks: Uint8Array[] = [];
	let offset = 0;
	try {
		for (;;) {
			const { data, eof } = await client.call("file_read", { path, offset, max });
			chunks.push(data);
			offset += data.length;
			if (eof) return Buffer.concat(chunks);
			if (offset > MAX_BYTES || data.length === 0) {
				throw undecided("guest-file", { path, bytes: MAX_BYTES });
			}
		}
	} catch (error) {
		if (isAbsent(error)) return undefined;
		throw error;
	}
}

/** As readFile, as text. */
export async function readText(client: GuestClient, path: string): Promise<string | undefined> {
	const data = await readFile(client, path, TEXT_CHUNK);
	return data && Buffer.from(data).toString("utf8");
}

/** Names in a folder of the guest; empty when the folder is missing. */
export async function listFolder(client: GuestClient, path: string): Promise<string[]> {
	try {
		return (await client.call("dir_list", { path })).entries.map((entry) => entry.name);
	} catch (error) {
		if (isAbsent(error)) return [];
		throw error;
	}
}

function isAbsent(error: unknown): boolean {
	return error instanceof GuestError && error.errno === constants.errno.ENOENT;
}
