// SPDX-License-Identifier: Apache-2.0
import { Reader } from "../elf/reader.js";
import { kindOf, recordSize } from "./btf-type.js";

const magic = 0xeb9f;
const headerSize = 24;
/** Numbers of the kinds that are written here (kernel Documentation/bpf/btf.rst). */
const kinds = { int: 1, ptr: 2, array: 3, struct: 4, var: 14, datasec: 15 } as const;

/** BTF that grows; ids and offsets of what is there stay valid, for `.BTF.ext` and other types. */
export class BtfAppender {
	/** By id, from 1 on. */
	readonly #records: Uint8Array[] = [];
	readonly #strings: Uint8Array[];
	#stringsSize: number;

	/** @param bytes of a `.BTF` section; undefined for an object without one */
	constructor(
		readonly file: string,
		bytes: Uint8Array | undefined,
		readonly littleEndian: boolean,
	) {
		this.#strings = [new Uint8Array(1)];
		if (bytes) {
			const whole = new Reader(file, "BTF", bytes, littleEndian);
			const start = whole.u32(4);
			const types = whole.part("BTF types", start + whole.u32(8), whole.u32(12));
			this.#strings = [whole.part("BTF strings", start + whole.u32(16), whole.u32(20)).bytes];
			for (let at = 0; at < types.size; ) {
				const info = types.u32(at + 4);
				const size = recordSize(kindOf(info) ?? "void", info);
				this.#records.push(types.part(`BTF type ${this.#records.length + 1}`, at, size).bytes);
				at += size;
			}
		}
		this.#stringsSize = this.#strings[0]!.length;
	}

	string(text: string): number {
		const part = Buffer.from(`${text}\0`);
		this.#strings.push(part);
		this.#stringsSize += part.length;
		return this.#stringsSize - part.length;
	}

	unsigned(name: string, size: number): number {
		return this.#add(this.string(name), kinds.int, 0, size, [size * 8]);
	}

	/** The id of a pointer to an array of so many elements: libbpf's `__uint`. */
	number(value: number, element: number): number {
		const array = this.#add(0, kinds.array, 0, 0, [element, element, value]);
		return this.#add(0, kinds.ptr, 0, array, []);
	}

	/** A struct whose members all begin at offset 0: only their names and types matter. */
	struct(size: number, members: readonly { name: string; type: number }[]): number {
		const fields = members.flatMap(({ name, type }) => [this.string(name), type, 0]);
		return this.#add(0, kinds.struct, members.length, size, fields);
	}

	/** The id of a variable that other objects see. */
	variable(name: string, type: number): number {
		return this.#add(this.string(name), kinds.var, 0, type, [1]);
	}

	/** @param id of a section that is there already and gets these entries instead */
	section(
		name: string,
		size: number,
		entries: readonly { type: number; offset: number; size: number }[],
		id?: number,
	): void {
		const fields = entries.flatMap((entry) => [entry.type, entry.offset, entry.size]);
		const record = this.#record(this.string(name), kinds.datasec, entries.length, size, fields);
		if (id === undefined) this.#records.push(record);
		else this.#records[id - 1] = record;
	}

	/** Puts an empty struct where a type stood to which nothing refers. */
	clear(id: number): void {
		this.#records[id - 1] = this.#record(0, kinds.struct, 0, 0, []);
	}

	/** Overwrites the 32-bit word `word` of a type's record. */
	patch(id: number, word: number, value: number): void {
		const record = Uint8Array.from(this.#records[id - 1]!);
		new DataView(record.buffer).setUint32(word * 4, value, this.littleEndian);
		this.#records[id - 1] = record;
	}

	done(): Uint8Array {
		const types = Buffer.concat(this.#records);
		const header = new DataView(new ArrayBuffer(headerSize));
		header.setUint16(0, magic, this.littleEndian);
		header.setUint8(2, 1);
		const words = [headerSize, 0, types.length, types.length, this.#stringsSize];
		for (const [at, word] of words.entries()) header.setUint32(4 + at * 4, word, this.littleEndian);
		return new Uint8Array(Buffer.concat([new Uint8Array(header.buffer), types, ...this.#strings]));
	}

	#add(name: number, kind: number, vlen: number, sizeOrType: number, tail: readonly number[]): number {
		return this.#records.push(this.#record(name, kind, vlen, sizeOrType, tail));
	}

	#record(name: number, kind: number, vlen: number, sizeOrType: number, tail: readonly number[]): Uint8Array {
		const words = [name, (kind << 24) | vlen, sizeOrType, ...tail];
		const view = new DataView(new ArrayBuffer(words.length * 4));
		for (const [at, word] of words.entries()) view.setUint32(at * 4, word, this.littleEndian);
		return new Uint8Array(view.buffer);
	}
}
