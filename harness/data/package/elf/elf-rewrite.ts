// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { type Elf, SHN } from "./elf.js";

/** A section that an object gets besides those it has. */
export interface NewSection {
	name: string;
	/** SHT_*. */
	type: number;
	/** SHF_*. */
	flags: number;
	data: Uint8Array;
}

/** What to change in an object; sections are named by their index. */
export interface ElfChanges {
	names?: ReadonlyMap<number, string>;
	/** New contents, of any size. */
	data?: ReadonlyMap<number, Uint8Array>;
	/** They get the next indices, in this order. */
	added?: readonly NewSection[];
}

const headerSize = 64;
const entrySize = 64;

/**
 * A copy of the object `bytes` with sections renamed, filled or added; what is new is at the end.
 * @throws InputError when there are more sections than a header can count
 */
export function rewriteElf(
	elf: Elf,
	bytes: Uint8Array,
	{ names = new Map(), data = new Map(), added = [] }: ElfChanges,
): Uint8Array {
	const little = elf.littleEndian;
	const old = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const oldTable = Number(old.getBigUint64(40, little));
	const namesIndex = old.getUint16(62, little);
	const count = elf.sections.length;
	const oldNames = elf.sections[namesIndex];
	if (!oldNames || count + added.length >= SHN.LORESERVE)
		throw new InputError(elf.file, "section header table", `has ${count} entries, too many to translate`);
	const parts: Uint8Array[] = [bytes];
	let end = bytes.length;
	const append = (part: Uint8Array): number => {
		const padding = (8 - (end % 8)) % 8;
		parts.push(new Uint8Array(padding), part);
		const at = end + padding;
		end = at + part.length;
		return at;
	};
	const strings: Uint8Array[] = [oldNames.data];
	let stringsSize = oldNames.data.length;
	const stringAt = (text: string): number => {
		const part = Buffer.from(`${text}\0`);
		strings.push(part);
		stringsSize += part.length;
		return stringsSize - part.length;
	};
	const table = new Uint8Array((count + added.length) * entrySize);
	table.set(bytes.subarray(oldTable, oldTable + count * entrySize));
	const view = new DataView(table.buffer);
	const place = (index: number, part: Uint8Array) => {
		view.setBigUint64(index * entrySize + 24, BigInt(append(part)), little);
		view.setBigUint64(index * entrySize + 32, BigInt(part.length), little);
	};
	for (const [index, name] of names) view.setUint32(index * entrySize, stringAt(name), little);
	for (const [index, part] of data) place(index, part);
	for (const [at, { name, type, flags, data: part }] of added.entries()) {
		const index = count + at;
		view.setUint32(index * entrySize, stringAt(name), little);
		view.setUint32(index * entrySize + 4, type, little);
		view.setBigUint64(index * entrySize + 8, BigInt(flags), little);
		view.setBigUint64(index * entrySize + 48, 8n, little);
		place(index, part);
	}
	place(namesIndex, Buffer.concat(strings));
	const tableAt = append(table);
	const whole = new Uint8Array(Buffer.concat(parts));
	const header = new DataView(whole.buffer, 0, headerSize);
	header.setBigUint64(40, BigInt(tableAt), little);
	header.setUint16(60, count + added.length, little);
	return whole;
}
