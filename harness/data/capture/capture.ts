// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { CapturedFrame } from "./frame.js";
import { isPcap, readPcap } from "./pcap.js";
import { isPcapng, readPcapng } from "./pcapng.js";

/** Longest capture that is read, in bytes. */
const maxCapture = 512 * 1024 * 1024;

/**
 * The frames of a capture: pcap of either byte order, in microseconds or nanoseconds, or pcapng
 * (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Frames are parts of `bytes`, not copies.
 *
 * @param file what the user calls it, for messages
 * @throws InputError with the frame or the offset at which the file is not what it should be
 */
export function readCapture(file: string, bytes: Uint8Array): CapturedFrame[] {
	if (bytes.length > maxCapture)
		throw new InputError(file, "", `has ${bytes.length} bytes, more than the ${maxCapture} that are read`);
	if (isPcapng(bytes)) return readPcapng(file, bytes);
	if (isPcap(bytes)) return readPcap(file, bytes);
	if (bytes.length === 0) throw new InputError(file, "", "is empty");
	if (bytes[0] === 0x1f && bytes[1] === 0x8b)
		throw new InputError(file, "", "is compressed with gzip; unpack it first");
	const start = Buffer.from(bytes.subarray(0, 4)).toString("hex");
	throw new InputError(file, "offset 0", `is neither pcap nor pcapng: begins with ${start}`);
}
