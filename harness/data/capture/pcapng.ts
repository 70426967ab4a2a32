// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { Cursor } from "./cursor.js";
import { type CapturedFrame, frameBytes } from "./frame.js";
import { optionCodes, readOptions, timeUnit } from "./pcapng-options.js";

/** Block types of draft-ietf-opsawg-pcapng. */
export const blockTypes = {
	section: 0x0a0d0d0a,
	interface: 1,
	/** Obsolete. */
	packet: 2,
	simplePacket: 3,
	enhancedPacket: 6,
};
/** Beside frames, a capture has a few blocks for each interface. */
const maxBlocks = 1_100_000;
export const byteOrderMagic = 0x1a2b3c4d;

/** What an interface description says of the frames that refer to it. */
interface Interface {
	linkType: number;
	/** Most bytes that are captured of a frame; 0 for no limit. */
	snaplen: number;
	fcs: number;
	/** The time of a count of its units, in nanoseconds. */
	time(count: bigint): bigint;
}

/** The block type of a section header reads the same in either byte order. */
export function isPcapng(bytes: Uint8Array): boolean {
	return bytes.length >= 4 && Buffer.from(bytes.subarray(0, 4)).readUInt32LE() === blockTypes.section;
}

/** Reads what `isPcapng`; blocks of types without frames are passed over. @throws InputError */
export function readPcapng(file: string, bytes: Uint8Array): CapturedFrame[] {
	const frames: CapturedFrame[] = [];
	let interfaces: Interface[] = [];
	let littleEndian = true;
	let blocks = 0;
	for (let offset = 0; offset < bytes.length; ) {
		if (++blocks > maxBlocks)
			throw new InputError(file, `block at offset ${offset}`, `more than ${maxBlocks} blocks are not read`);
		const rest = bytes.subarray(offset);
		if (isPcapng(rest)) {
			littleEndian = sectionOrder(new Cursor(file, `block at offset ${offset}`, rest, true));
			interfaces = [];
		}
		const size = blockSize(new Cursor(file, `block at offset ${offset}`, rest, littleEndian));
		const number = frames.length + 1;
		const block = (place: string) => new Cursor(file, place, rest.subarray(0, size - 4), littleEndian);
		const type = block(`block at offset ${offset}`).u32(0);
		if (type === blockTypes.section) checkVersion(block(`section at offset ${offset}`));
		else if (type === blockTypes.interface)
			interfaces.push(readInterface(block(`interface ${interfaces.length}`)));
		else if (type === blockTypes.enhancedPacket)
			frames.push(enhanced(block(`frame ${number}`), interfaces, number));
		else if (type === blockTypes.simplePacket)
			frames.push(simple(block(`frame ${number}`), interfaces, number));
		else if (type === blockTypes.packet) frames.push(obsolete(block(`frame ${number}`), interfaces, number));
		offset += size;
	}
	return frames;
}

/** The comment of the first section, where the file begins with one; undefined otherwise. */
export function sectionComment(start: Uint8Array): string | undefined {
	if (!isPcapng(start)) return undefined;
	try {
		const section = new Cursor("", "", start, sectionOrder(new Cursor("", "", start, true)));
		const block = new Cursor("", "", section.part(0, blockSize(section) - 4), section.littleEndian);
		const comment = readOptions(block, 24).find(({ code }) => code === optionCodes.comment);
		return comment && new TextDecoder().decode(comment.value);
	} catch (error) {
		if (error instanceof InputError) return undefined;
		throw error;
	}
}

function sectionOrder(section: Cursor): boolean {
	const magic = section.u32(8);
	if (magic === byteOrderMagic) return true;
	if (magic === 0x4d3c2b1a) return false;
	throw section.fail(`has the byte-order magic 0x${magic.toString(16)}, expected 0x1a2b3c4d`);
}

function checkVersion(section: Cursor): void {
	const version = `${section.u16(12)}.${section.u16(14)}`;
	if (version !== "1.0" && version !== "1.2") throw section.fail(`is of version ${version}; 1.0 is read`);
}

/** The size of the whole block, which stands at both of its ends. */
function blockSize(block: Cursor): number {
	const size = block.u32(4);
	if (size < 12 || size % 4 !== 0) throw block.fail(`claims a size of ${size} bytes, which no block has`);
	const last = new Cursor(block.file, block.place, block.part(0, size), block.littleEndian).u32(size - 4);
	if (last !== size) throw block.fail(`has a size of ${size} bytes at its start and ${last} at its end`);
	return size;
}

function readInterface(block: Cursor): Interface {
	const options = readOptions(block, 16);
	const fcs = options.find(({ code }) => code === optionCodes.if_fcslen)?.value[0] ?? 0;
	return { linkType: block.u16(8), snaplen: block.u32(12), fcs, time: timeUnit(block, options) };
}

function interfaceOf(block: Cursor, interfaces: readonly Interface[], index: number): Interface {
	const found = interfaces[index];
	if (!found) throw block.fail(`is of interface ${index}, which is not described before it`);
	return found;
}

function enhanced(block: Cursor, interfaces: readonly Interface[], number: number): CapturedFrame {
	return withOptions(block, interfaceOf(block, interfaces, block.u32(8)), number);
}

function obsolete(block: Cursor, interfaces: readonly Interface[], number: number): CapturedFrame {
	return withOptions(block, interfaceOf(block, interfaces, block.u16(8)), number);
}

/** Both blocks are the same behind the interface. */
function withOptions(block: Cursor, from: Interface, number: number): CapturedFrame {
	const captured = block.u32(20);
	const bytes = frameBytes(block, 28, captured, number);
	const options = readOptions(block, 28 + Math.ceil(captured / 4) * 4);
	const comments = options.filter(({ code }) => code === optionCodes.comment);
	return {
		number,
		bytes,
		length: block.u32(24),
		linkType: from.linkType,
		fcs: from.fcs,
		time: from.time((BigInt(block.u32(12)) << 32n) | BigInt(block.u32(16))),
		comments: comments.map(({ value }) => new TextDecoder().decode(value)),
	};
}

/** Always of the first interface, without a time. */
function simple(block: Cursor, interfaces: readonly Interface[], number: number): CapturedFrame {
	const from = interfaceOf(block, interfaces, 0);
	const length = block.u32(8);
	const captured = from.snaplen === 0 ? length : Math.min(length, from.snaplen);
	const bytes = frameBytes(block, 12, captured, number);
	return { number, bytes, length, linkType: from.linkType, fcs: from.fcs, comments: [] };
}
