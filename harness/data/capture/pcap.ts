// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { Cursor } from "./cursor.js";
import { type CapturedFrame, wrongFrame } from "./frame.js";

const headerSize = 24;
const recordSize = 16;
const none: string[] = [];

/** Nanoseconds in the unit of a record's fraction, by the first four bytes in little endian. */
const units = new Map([
	[0xa1b2c3d4, { littleEndian: true, unit: 1000n }],
	[0xd4c3b2a1, { littleEndian: false, unit: 1000n }],
	[0xa1b23c4d, { littleEndian: true, unit: 1n }],
	[0x4d3cb2a1, { littleEndian: false, unit: 1n }],
]);

function formatOf(bytes: Uint8Array) {
	return bytes.length < 4 ? undefined : units.get(Buffer.from(bytes.subarray(0, 4)).readUInt32LE());
}

export function isPcap(bytes: Uint8Array): boolean {
	return formatOf(bytes) !== undefined;
}

/** Reads what `isPcap`. @throws InputError */
export function readPcap(file: string, bytes: Uint8Array): CapturedFrame[] {
	const { littleEndian, unit } = formatOf(bytes)!;
	const header = new Cursor(file, "file header", bytes.subarray(0, headerSize), littleEndian);
	const network = header.u32(20);
	const version = `${header.u16(4)}.${header.u16(6)}`;
	if (version !== "2.4") throw header.fail(`is of version ${version}; 2.4 is read`);
	// The P bit says that the uppermost bits hold the length of the frame check sequence in units
	// of 16 bits.
	const fcs = network & 0x04000000 ? (network >>> 28) * 2 : 0;
	const frames: CapturedFrame[] = [];
	// One view for a million records: a cursor for each takes longer than reading them.
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const u32 = (offset: number) => view.getUint32(offset, littleEndian);
	for (let offset = headerSize; offset < bytes.length; ) {
		const number = frames.length + 1;
		const room = bytes.length - offset;
		const captured = room < recordSize ? 0 : u32(offset + 8);
		const wrong = wrongFrame(recordSize, captured, room, number);
		if (wrong !== undefined) throw new InputError(file, `frame ${number}`, wrong);
		const data = bytes.subarray(offset + recordSize, offset + recordSize + captured);
		const time = BigInt(u32(offset)) * 1_000_000_000n + BigInt(u32(offset + 4)) * unit;
		const length = u32(offset + 12);
		frames.push({ number, bytes: data, length, linkType: network & 0xffff, fcs, time, comments: none });
		offset += recordSize + captured;
	}
	return frames;
}
