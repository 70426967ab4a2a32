// SPDX-License-Identifier: Apache-2.0
import { gunzipSync } from "node:zlib";
import { InputError } from "../../base/errors.js";
import type { CapturedFrame } from "./frame.js";
import { isPcap, readPcap } from "./pcap.js";
import { isPcapng, readPcapng } from "./pcapng.js";

/** Longest capture that is read, in bytes. */
const maxCapture = 512 * 1024 * 1024;

/** Most bytes that a compressed one may have unpacked: a small file can unpack to gigabytes. */
const maxUnpacked = 128 * 1024 * 1024;

/**
 * The frames of a pcap (either byte order) or pcapng file, also gzipped; parts of `bytes`, no
 * copies.
 * @throws InputError with the frame or the offset at which the file is wrong
 */
export function readCapture(file: string, bytes: Uint8Array): CapturedFrame[] {
	if (bytes.length > maxCapture)
		throw new InputError(file, "", `has ${bytes.length} bytes, more than the ${maxCapture} that are read`);
	if (isGzip(bytes)) return readPlain(file, unpacked(file, bytes));
	return readPlain(file, bytes);
}

const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** @throws InputError for a file that is damaged or too large unpacked */
function unpacked(file: string, bytes: Uint8Array): Uint8Array {
	try {
		return gunzipSync(bytes, { maxOutputLength: maxUnpacked });
	} catch (cause) {
		const { code, message } = cause as NodeJS.ErrnoException;
		const why =
			code === "ERR_BUFFER_TOO_LARGE"
				? `has more than ${maxUnpacked} bytes when unpacked, the most that are read`
				: `cannot be unpacked with gzip: ${message}`;
		throw new InputError(file, "", why, { cause });
	}
}

function readPlain(file: string, bytes: Uint8Array): CapturedFrame[] {
	if (isPcapng(bytes)) return readPcapng(file, bytes);
	if (isPcap(bytes)) return readPcap(file, bytes);
	if (bytes.length === 0) throw new InputError(file, "", "is empty");
	const start = Buffer.from(bytes.subarray(0, 4)).toString("hex");
	throw new InputError(file, "offset 0", `is neither pcap nor pcapng: begins with ${start}`);
}
