// SPDX-License-Identifier: Apache-2.0
import { concat } from "../packet/bytes.js";
import type { LinkType } from "../packet/dissect.js";
import { blockTypes, byteOrderMagic } from "./pcapng.js";
import { optionCodes } from "./pcapng-options.js";

/** A packet to be written. */
export interface CapturePacket {
	bytes: Uint8Array;
	/** Bytes that it had, more than there are when it was cut. */
	length?: number;
	linkType?: LinkType;
	/** Shown by Wireshark above the packet, each on lines of its own. */
	comments?: readonly string[];
	/** The interface in Wireshark (`frame.interface_name`): `input`, `expected`, `actual`. */
	interface?: string;
	/** Nanoseconds since 1970; one microsecond after the packet before unless given. */
	time?: bigint;
}

const linkNumbers: Readonly<Record<LinkType, number>> = { ethernet: 1, raw: 101 };
/** An option's length has 16 bits. */
const maxText = 0xfffc;
const nanoseconds = 9;

/** A pcapng file in little endian, with an interface for each name and link type. */
export function writePcapng(packets: readonly CapturePacket[], comment?: string): Uint8Array {
	const interfaces = new Map<string, number>();
	const blocks: Uint8Array[] = [
		block(
			blockTypes.section,
			words32(byteOrderMagic),
			words16(1, 0),
			words32(0xffffffff, 0xffffffff),
			options(...(comment === undefined ? [] : [[optionCodes.comment, text(comment)] as const]), [
				optionCodes.shb_userappl,
				text("bpfgate"),
			]),
		),
	];
	let time = 0n;
	for (const packet of packets) {
		const { bytes, length = bytes.length, linkType = "ethernet", comments = [], interface: name } = packet;
		const key = `${linkType} ${name ?? ""}`;
		let index = interfaces.get(key);
		if (index === undefined) {
			index = interfaces.size;
			interfaces.set(key, index);
			blocks.push(interfaceBlock(linkType, name));
		}
		time = packet.time ?? time + 1000n;
		blocks.push(
			block(
				blockTypes.enhancedPacket,
				words32(index, Number((time >> 32n) & 0xffffffffn), Number(time & 0xffffffffn), bytes.length, length),
				padded(bytes),
				comments.length > 0
					? options(...comments.map((each): Option => [optionCodes.comment, text(each)]))
					: none,
			),
		);
	}
	return concat(...blocks);
}

type Option = readonly [code: number, value: Uint8Array];
const none = new Uint8Array();

function interfaceBlock(linkType: LinkType, name: string | undefined): Uint8Array {
	const given: Option[] = name === undefined ? [] : [[optionCodes.if_name, text(name)]];
	return block(
		blockTypes.interface,
		words16(linkNumbers[linkType], 0),
		words32(0),
		options(...given, [optionCodes.if_tsresol, Uint8Array.of(nanoseconds)]),
	);
}

function block(type: number, ...body: readonly Uint8Array[]): Uint8Array {
	const size = 12 + body.reduce((sum, part) => sum + part.length, 0);
	return concat(words32(type, size), ...body, words32(size));
}

function options(...list: readonly Option[]): Uint8Array {
	const written = list.map(([code, value]) => concat(words16(code, value.length), padded(value)));
	return concat(...written, words16(optionCodes.end, 0));
}

/** As much of the text as an option holds. */
function text(value: string): Uint8Array {
	const bytes = new TextEncoder().encode(value);
	if (bytes.length <= maxText) return bytes;
	const { read } = new TextEncoder().encodeInto(value, new Uint8Array(maxText - 3));
	return new TextEncoder().encode(`${value.slice(0, read)}…`);
}

function padded(bytes: Uint8Array): Uint8Array {
	return concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
}

function words32(...values: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(values.length * 4);
	const view = new DataView(bytes.buffer);
	for (const [index, value] of values.entries()) view.setUint32(index * 4, value, true);
	return bytes;
}

function words16(...values: readonly number[]): Uint8Array {
	const bytes = new Uint8Array(values.length * 2);
	const view = new DataView(bytes.buffer);
	for (const [index, value] of values.entries()) view.setUint16(index * 2, value, true);
	return bytes;
}
