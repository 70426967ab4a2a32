// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { InputError, systemReason } from "../../base/errors.js";

const maxBytes = 1024 * 1024;

/** A regular file of at most 1 MiB that the user named. @throws InputError */
export async function readSmallFile(path: string): Promise<Uint8Array> {
	// Opened otherwise, a pipe would wait for its other end, where nothing interrupts it.
	const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
		throw new InputError(path, "", `cannot be read: ${systemReason(cause)}`, { cause });
	});
	try {
		const info = await handle.stat();
		if (!info.isFile()) throw new InputError(path, "", "is no regular file");
		if (info.size > maxBytes)
			throw new InputError(path, "", `has ${info.size} bytes, more than the ${maxBytes} that are read`);
		return new Uint8Array(await handle.readFile());
	} finally {
		await handle.close();
	}
}
