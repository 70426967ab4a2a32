// SPDX-License-Identifier: Apache-2.0
import { assemble } from "../../../base/insn.js";
import { SHT, STB, STT } from "./elf.js";

/** A growing row of numbers and bytes in one byte order. */
export class Bytes {
	#chunks: Buffer[] = [];
	length = 0;

	constructor(readonly littleEndian = true) {}

	put(...parts: [width: 1 | 2 | 4 | 8, value: number][]): this {
		for (const [width, value] of parts) {
			const chunk = Buffer.alloc(width);
			if (width === 8) {
				if (this.littleEndian) chunk.writeBigUInt64LE(BigInt(value));
				else chunk.writeBigUInt64BE(BigInt(value));
			} else {
				const unsigned = Number(BigInt.asUintN(width * 8, BigInt(value)));
				if (this.littleEndian) chunk.writeUIntLE(unsigned, 0, width);
				else chunk.writeUIntBE(unsigned, 0, width);
			}
			this.add(chunk);
		}
		return this;
	}

	u32(...values: number[]): this {
		return this.put(...values.map((value): [4, number] => [4, value]));
	}

	add(bytes: Uint8Array): this {
		this.#chunks.push(Buffer.from(bytes));
		this.length += bytes.length;
		return this;
	}

	done(): Uint8Array {
		return new Uint8Array(Buffer.concat(this.#chunks));
	}
}

/** Strings of a string table, each once. */
class Strings {
	#text = Buffer.from([0]);
	#known = new Map<string, number>([["", 0]]);

	at(text: string): number {
		const known = this.#known.get(text);
		if (known !== undefined) return known;
		const offset = this.#text.length;
		this.#text = Buffer.concat([this.#text, Buffer.from(`${text}\0`)]);
		this.#known.set(text, offset);
		return offset;
	}

	get bytes(): Uint8Array {
		return new Uint8Array(this.#text);
	}
}

export interface TestSection {
	name: string;
	data: Uint8Array;
	type?: number;
	flags?: number;
	/** Of SHT_NOBITS. */
	size?: number;
}

export interface TestSymbol {
	name: string;
	/** Name of its section; undefined for an external one. */
	section?: string;
	value?: number;
	size?: number;
	type?: number;
	binding?: number;
}

export interface TestElf {
	littleEndian?: boolean;
	machine?: number;
	type?: number;
	sections: TestSection[];
	symbols: TestSymbol[];
	/** By the section that they apply to; `symbol` is a name. */
	relocations?: Record<string, { offset: number; type: number; symbol: string }[]>;
}

/** Writes ELF64: header, sections, symbol table, string tables, section headers. */
export function buildElf({ littleEndian = true, machine = 247, type = 1, ...elf }: TestElf): Uint8Array {
	const names = new Strings();
	const symbolNames = new Strings();
	const index = (name: string) => 1 + elf.sections.findIndex((section) => section.name === name);
	const symbols = new Bytes(littleEndian).add(new Uint8Array(24));
	for (const symbol of elf.symbols) {
		const info = ((symbol.binding ?? STB.GLOBAL) << 4) | (symbol.type ?? STT.FUNC);
		symbols
			.u32(symbolNames.at(symbol.name))
			.put([1, info], [1, 0], [2, symbol.section === undefined ? 0 : index(symbol.section)])
			.put([8, symbol.value ?? 0], [8, symbol.size ?? 0]);
	}
	const relocations = Object.entries(elf.relocations ?? {}).map(([target, list]) => {
		const bytes = new Bytes(littleEndian);
		for (const { offset, type: kind, symbol } of list) {
			const number = 1 + elf.symbols.findIndex((candidate) => candidate.name === symbol);
			bytes.put([8, offset]).u32(...(littleEndian ? [kind, number] : [number, kind]));
		}
		return { name: `.rel${target}`, type: SHT.REL as number, data: bytes.done(), info: index(target) };
	});
	const symtab = elf.sections.length + relocations.length + 1;
	const all = [
		...elf.sections.map((section) => ({ ...section, link: 0, info: 0 })),
		...relocations.map((section) => ({ ...section, link: symtab })),
		{ name: ".symtab", type: SHT.SYMTAB, data: symbols.done(), link: symtab + 1, info: 0 },
		{ name: ".strtab", type: SHT.STRTAB, data: symbolNames.bytes, link: 0, info: 0 },
	];
	for (const { name } of [...all, { name: ".shstrtab" }]) names.at(name);
	const complete = [...all, { name: ".shstrtab", type: SHT.STRTAB, data: names.bytes, link: 0, info: 0 }];

	const body = new Bytes(littleEndian);
	const headers = new Bytes(littleEndian).add(new Uint8Array(64));
	for (const section of complete) {
		const { flags = 0, size } = section as TestSection;
		headers
			.u32(names.at(section.name), section.type ?? SHT.PROGBITS)
			.put([8, flags], [8, 0], [8, 64 + body.length], [8, size ?? section.data.length])
			.u32(section.link, section.info)
			.put([8, 8], [8, 0]);
		body.add(section.data);
	}
	const header = new Bytes(littleEndian)
		.add(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 2, littleEndian ? 1 : 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
		.put([2, type], [2, machine])
		.u32(1)
		.put([8, 0], [8, 0], [8, 64 + body.length])
		.u32(0)
		.put([2, 64], [2, 0], [2, 0], [2, 64], [2, complete.length + 1], [2, complete.length]);
	return new Bytes().add(header.done()).add(body.done()).add(headers.done()).done();
}

/** Instructions: code, target, source, offset, immediate. */
export const code = (littleEndian: boolean, ...insns: [number, number, number, number, number][]) =>
	assemble(
		insns.map(([code, target, source, offset, imm]) => ({ code, target, source, offset, imm })),
		littleEndian,
	);

/** Writes type information; each method gives the id of the type that it adds. */
export class TestBtf {
	readonly #types: Bytes;
	readonly #strings = new Strings();
	#next: number;

	constructor(
		readonly littleEndian = true,
		firstId = 1,
	) {
		this.#types = new Bytes(littleEndian);
		this.#next = firstId;
	}

	string(text: string): number {
		return this.#strings.at(text);
	}

	/** Any type: `struct btf_type` and what follows it. */
	add(kind: number, name: string, sizeOrType: number, tail: number[] = [], vlen = 0, flag = false): number {
		this.#types.u32(this.string(name), (kind << 24) | vlen | (flag ? 2 ** 31 : 0), sizeOrType, ...tail);
		return this.#next++;
	}

	/** @param encoding 1 signed, 2 char, 4 bool */
	int(name: string, size: number, encoding = 0, bits = size * 8): number {
		return this.add(1, name, size, [(encoding << 24) | bits]);
	}

	ptr(type: number): number {
		return this.add(2, "", type);
	}

	array(type: number, count: number): number {
		return this.add(3, "", 0, [type, type, count]);
	}

	/** Members as name, type, bit offset and, for bit fields, bit size. */
	struct(name: string, size: number, members: [string, number, number, number?][], union = false): number {
		const fields = members.some(([, , , bits]) => bits !== undefined);
		const tail = members.flatMap(([member, type, offset, bits = 0]) => [
			this.string(member),
			type,
			fields ? bits * 2 ** 24 + offset : offset,
		]);
		return this.add(union ? 5 : 4, name, size, tail, members.length, fields);
	}

	enum(name: string, values: [string, number][], signed = false): number {
		const tail = values.flatMap(([value, number]) => [this.string(value), number]);
		return this.add(6, name, 4, tail, values.length, signed);
	}

	typedef(name: string, type: number): number {
		return this.add(8, name, type);
	}

	const(type: number): number {
		return this.add(10, "", type);
	}

	/** @param linkage 0 static, 1 global, 2 extern */
	func(name: string, type: number, linkage = 1): number {
		return this.add(12, name, type, [], linkage);
	}

	proto(type: number): number {
		return this.add(13, "", type);
	}

	variable(name: string, type: number, linkage = 1): number {
		return this.add(14, name, type, [linkage]);
	}

	datasec(name: string, entries: [type: number, offset: number, size: number][]): number {
		return this.add(15, name, 0, entries.flat(), entries.length);
	}

	done(): Uint8Array {
		const types = this.#types.done();
		const strings = this.#strings.bytes;
		return new Bytes(this.littleEndian)
			.put([2, 0xeb9f], [1, 1], [1, 0])
			.u32(24, 0, types.length, types.length, strings.length)
			.add(types)
			.add(strings)
			.done();
	}

	/** What libbpf's `__uint(name, count)` and `__type(name, type)` make of a map. */
	mapDefinition(fields: { name: string; count?: number; type?: number }[], int: number): number {
		const members = fields.map(({ name, count, type }, index): [string, number, number] => [
			name,
			this.ptr(type ?? this.array(int, count ?? 0)),
			index * 64,
		]);
		return this.struct("", members.length * 8, members);
	}
}
