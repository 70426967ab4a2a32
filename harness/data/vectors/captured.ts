// SPDX-License-Identifier: Apache-2.0
import { posix } from "node:path";
import { InputError, type Place } from "../../base/errors.js";
import { readCapture } from "../capture/capture.js";
import type { CapturedFrame } from "../capture/frame.js";
import { type FrameRange, type SelectedFrame, selectFrames } from "../capture/select.js";
import type { Package, PackageFile } from "../package/package.js";
import { concat } from "../packet/bytes.js";

/** By file: its frames, or why it cannot be read. */
const captures = new WeakMap<PackageFile, CapturedFrame[] | InputError>();

export const isCapture = ({ file }: Pick<PackageFile, "file">) => /\.pcap(ng)?(\.gz)?$/.test(file);

/**
 * Frames of a capture that a vector file names. @param key `frame` or `frames`
 * @throws InputError for an unreadable capture, or one without such frames
 */
export function framesOf(
	pkg: Package,
	file: PackageFile,
	pcap: string,
	ranges: readonly FrameRange[],
	key: "frame" | "frames",
	{ file: display, pointer }: Place,
): SelectedFrame[] {
	const path = posix.normalize(posix.join(posix.dirname(file.file), pcap));
	const capture = pkg.vectors.find((candidate) => candidate.file === path);
	if (!capture || !isCapture(capture))
		throw new InputError(
			display,
			`${pointer}/pcap`,
			`${JSON.stringify(path)} is not a capture that the manifest lists`,
		);
	const frames = captures.get(capture) ?? readOnce(capture);
	captures.set(capture, frames);
	if (frames instanceof InputError) throw frames;
	try {
		return selectFrames(path, frames, ranges);
	} catch (error) {
		if (!(error instanceof InputError)) throw error;
		throw new InputError(display, `${pointer}/${key}`, error.message, { cause: error });
	}
}

function readOnce({ display, bytes }: PackageFile): CapturedFrame[] | InputError {
	try {
		return readCapture(display, bytes);
	} catch (error) {
		if (error instanceof InputError) return error;
		throw error;
	}
}

/** The packet of a frame: one that begins with IP gets an Ethernet header. */
export function packetOf({ link, bytes }: SelectedFrame): Uint8Array {
	if (link === "ethernet") return Uint8Array.from(bytes);
	const ethertype = (bytes[0] ?? 0) >> 4 === 6 ? [0x86, 0xdd] : [0x08, 0x00];
	return concat(new Uint8Array(12), Uint8Array.from(ethertype), bytes);
}
