// SPDX-License-Identifier: Apache-2.0
import { readRegular } from "../../base/host-files.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";

const maxBytes = 1024 * 1024;

/** A regular file of at most 1 MiB that the user named. @throws InputError */
export function readSmallFile(path: string): Promise<Uint8Array> {
	return readRegular(path, maxBytes);
}

/** @throws InputError when there is no certificate in that file */
export async function certificateAt(path: string): Promise<Certificate> {
	return readCertificate(path, await readSmallFile(path));
}
