// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { LinkType } from "../packet/dissect.js";
import type { CapturedFrame } from "./frame.js";

/** A whole frame of a link type that packets are read from. */
export interface SelectedFrame extends CapturedFrame {
	link: LinkType;
}

/** LINKTYPE_ETHERNET; LINKTYPE_RAW, DLT_RAW elsewhere, LINKTYPE_IPV4, LINKTYPE_IPV6. */
const linkTypes = new Map<number, LinkType>([
	[1, "ethernet"],
	[101, "raw"],
	[12, "raw"],
	[14, "raw"],
	[228, "raw"],
	[229, "raw"],
]);

/** Others that are met, for messages. */
const linkNames = new Map([
	[0, "BSD loopback"],
	[105, "IEEE 802.11"],
	[127, "radiotap"],
	[220, "USB"],
]);

/** Where the pseudo-header of a Linux cooked capture has what an Ethernet header needs. */
interface CookedHeader {
	size: number;
	/** EtherType; below 0x600 it is a kind of frame without one. */
	protocol: number;
	/** Bytes of the sender's link-layer address, as a number of `addressSizeBytes` bytes. */
	addressSize: number;
	addressSizeBytes: 1 | 2;
	address: number;
}

/** LINKTYPE_LINUX_SLL and LINKTYPE_LINUX_SLL2 (www.tcpdump.org/linktypes). */
const cookedHeaders = new Map<number, CookedHeader>([
	[113, { size: 16, addressSize: 4, addressSizeBytes: 2, address: 6, protocol: 14 }],
	[276, { size: 20, protocol: 0, addressSize: 11, addressSizeBytes: 1, address: 12 }],
]);
const ethernetAddress = 6;
const smallestEtherType = 0x600;

/** A frame of a Linux cooked capture with an Ethernet header in place of its own. */
function withEthernet(
	bytes: Uint8Array,
	header: CookedHeader,
	fail: (reason: string) => InputError,
): Uint8Array {
	const { size, protocol, addressSize, addressSizeBytes, address } = header;
	if (bytes.length < size) throw fail(`has ${bytes.length} bytes; a Linux cooked header has ${size}`);
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const type = view.getUint16(protocol);
	if (type < smallestEtherType)
		throw fail(
			`has no EtherType: its Linux cooked header has protocol 0x${type.toString(16).padStart(4, "0")}`,
		);
	const length = addressSizeBytes === 1 ? view.getUint8(addressSize) : view.getUint16(addressSize);
	const frame = new Uint8Array(14 + bytes.length - size);
	if (length === ethernetAddress)
		frame.set(bytes.subarray(address, address + ethernetAddress), ethernetAddress);
	new DataView(frame.buffer).setUint16(12, type);
	frame.set(bytes.subarray(size), 14);
	return frame;
}

/** Ranges may overlap: together they select at most as many frames again. */
const maxRanges = 256;
/** Most frames of a selection. */
export const maxFrames = 100_000;

/** A range of frame numbers, both ends in it. */
export interface FrameRange {
	from: number;
	to: number;
}

/** Numbers and ranges, `1-3,7,20-`; the last is open. @throws InputError */
export function parseSelection(file: string, place: string, selection: string): FrameRange[] {
	const parts = selection.split(",");
	if (parts.length > maxRanges) throw new InputError(file, place, `has more than ${maxRanges} ranges`);
	return parts.map((part) => {
		const match = /^\s*(\d{1,9})(?:\s*(-)\s*(\d{1,9})?)?\s*$/.exec(part);
		if (!match)
			throw new InputError(
				file,
				place,
				`${JSON.stringify(part)} is not a frame number or range, as in "1-3,7,20-"`,
			);
		const from = Number(match[1]);
		const to =
			match[2] === undefined ? from : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
		if (from === 0) throw new InputError(file, place, "frames are counted from 1");
		if (to < from) throw new InputError(file, place, `the range ${part.trim()} ends before it begins`);
		return { from, to };
	});
}

/**
 * The selected frames in the order of the selection; all without one.
 * @throws InputError for a frame past the end, a cut off one, one of another link type
 */
export function selectFrames(
	file: string,
	frames: readonly CapturedFrame[],
	ranges?: readonly FrameRange[],
): SelectedFrame[] {
	const selected: CapturedFrame[] = [];
	for (const { from, to } of ranges ?? [{ from: 1, to: frames.length }]) {
		const last = Number.isFinite(to) ? to : from;
		if (last > frames.length) {
			const has = `the capture has ${frames.length} ${frames.length === 1 ? "frame" : "frames"}`;
			throw new InputError(file, `frame ${Math.max(from, frames.length + 1)}`, `does not exist; ${has}`);
		}
		const end = Math.min(to, frames.length);
		if (selected.length + end - from >= maxFrames)
			throw new InputError(file, "", `the selection has more than ${maxFrames} frames`);
		for (let number = from; number <= end; number++) selected.push(frames[number - 1]!);
	}
	return selected.map((frame) => ({ ...frame, ...wholeFrame(file, frame) }));
}

function wholeFrame(file: string, frame: CapturedFrame): { link: LinkType; bytes: Uint8Array } {
	const fail = (reason: string) => new InputError(file, `frame ${frame.number}`, reason);
	const { linkType, bytes, length, fcs } = frame;
	const link = linkTypes.get(linkType);
	const cooked = cookedHeaders.get(linkType);
	if (!link && !cooked) {
		const name = linkNames.get(linkType);
		throw fail(
			`is of link type ${linkType}${name ? ` (${name})` : ""}; Ethernet (1), raw IP (101) and Linux cooked (113, 276) are read`,
		);
	}
	if (bytes.length < length) throw fail(`is cut off: ${bytes.length} of its ${length} bytes were captured`);
	const whole = bytes.subarray(0, Math.max(0, bytes.length - fcs));
	if (link) return { link, bytes: whole };
	return { link: "ethernet", bytes: withEthernet(whole, cooked!, fail) };
}
