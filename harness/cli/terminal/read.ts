// SPDX-License-Identifier: Apache-2.0
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { InputError, systemReason } from "../../base/errors.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";

const maxBytes = 1024 * 1024;

/** A regular file of at most 1 MiB that the user named. @throws InputError */
export async function readSmallFile(path: string): Promise<Uint8Array> {
	// O_NONBLOCK: opening a FIFO without a writer must not block.
	const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause) => {
		throw new InputError(path, "", `cannot be read: ${systemReason(cause)}`, { cause });
	});
	try {
		const info = await handle.stat();
		if (!info.isFile()) throw new InputError(path, "", "is not a regular file");
		if (info.size > maxBytes) throw new InputError(path, "", `has ${info.size} bytes, limit ${maxBytes}`);
		return new Uint8Array(await handle.readFile());
	} finally {
		await handle.close();
	}
}

/** @throws InputError when there is no certificate in that file */
export async function certificateAt(path: string): Promise<Certificate> {
	return readCertificate(path, await readSmallFile(path));
}
