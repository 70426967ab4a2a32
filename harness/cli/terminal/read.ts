// SPDX-License-Identifier: Apache-2.0
import { readRegular } from "../../base/host-files.js";
import { type Certificate, readCertificate } from "../../data/signing/certificate.js";

/** A regular file that the user named, of at most 1 MiB by default. @throws InputError */
export function readSmallFile(path: string, maxBytes = 1024 * 1024): Promise<Uint8Array> {
	return readRegular(path, maxBytes);
}

/** @throws InputError when there is no certificate in that file */
export async function certificateAt(path: string): Promise<Certificate> {
	return readCertificate(path, await readSmallFile(path));
}
