// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { Reader } from "./reader.js";

/** Bounds far above what compilers write: a hostile object must not keep us busy. */
export const maxObjectBytes = 32 * 1024 * 1024;
const maxSections = 65_536;
const maxSymbols = 131_072;
/** Names may share bytes: a small table could stand for a huge text. */
const maxNameBytes = 16 * 1024 * 1024;
const maxRelocations = 500_000;

/** Section types and flags of ELF (gABI 4, "Sections") that an eBPF object uses. */
export const SHT = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, RELA: 4, NOBITS: 8, REL: 9 } as const;
export const SHF = { WRITE: 1, ALLOC: 2, EXECINSTR: 4 } as const;
/** Symbol types (low four bits of `st_info`), bindings (high four) and special section indices. */
export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3 } as const;
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
export const SHN = { UNDEF: 0, LORESERVE: 0xff00, ABS: 0xfff1, COMMON: 0xfff2, XINDEX: 0xffff } as const;

/** Machines of objects that were passed by mistake (gABI `e_machine`). */
export const elfMachines: Readonly<Record<number, string>> = {
	3: "i386",
	8: "MIPS",
	20: "PowerPC",
	21: "64-bit PowerPC",
	22: "s390x",
	40: "32-bit Arm",
	62: "x86-64",
	183: "AArch64",
	243: "RISC-V",
	258: "LoongArch",
};
const EM_BPF = 247;
const types: Record<number, string> = {
	0: "typeless file",
	2: "executable",
	3: "shared library",
	4: "core dump",
};
const ET_REL = 1;

export interface ElfSection {
	index: number;
	name: string;
	/** `sh_type`, see SHT. */
	type: number;
	/** `sh_flags`, low 32 bits, see SHF. */
	flags: number;
	/** Bytes the section takes in memory. */
	size: number;
	link: number;
	info: number;
	entrySize: number;
	/** The section's bytes in the file; empty for SHT_NOBITS. */
	data: Uint8Array;
}

export interface ElfSymbol {
	name: string;
	value: number;
	size: number;
	/** STT_*. */
	type: number;
	/** STB_*. */
	binding: number;
	/** STV_*: 2 is hidden. */
	visibility: number;
	/** Index of the defining section; SHN_UNDEF when it is external. */
	section: number;
}

export interface ElfRelocation {
	/** Byte offset in the section that is relocated. */
	offset: number;
	/** R_BPF_*: 1 64_64, 2 ABS64, 3 ABS32, 4 NODYLD32, 10 64_32 (llvm_reloc.rst of the kernel). */
	type: number;
	symbol: ElfSymbol;
}

/** A relocatable eBPF object, its tables checked against the file's bounds. */
export interface Elf {
	file: string;
	littleEndian: boolean;
	sections: ElfSection[];
	symbols: ElfSymbol[];
	/** Relocations that apply to section `index`. */
	relocations(index: number): ElfRelocation[];
}

/** Reads an ELF64 relocatable eBPF object. @throws InputError with the table and offset */
export function readElf(file: string, bytes: Uint8Array): Elf {
	const ident = checkIdent(file, bytes);
	const header = new Reader(file, "ELF header", bytes, ident.littleEndian).part("ELF header", 0, 64);
	const machine = header.u16(18);
	if (machine !== EM_BPF && machine !== 0) {
		const name = elfMachines[machine] ?? `machine ${machine}`;
		throw new InputError(file, "ELF header", `is for ${name}, not eBPF; build with clang -target bpf`);
	}
	const type = header.u16(16);
	if (type !== ET_REL) {
		const name = types[type] ?? `file of type ${type}`;
		throw new InputError(
			file,
			"ELF header",
			`is an ${name}, not a relocatable object`.replace(/an ([^aeiou])/, "a $1"),
		);
	}
	const sections = readSections(file, bytes, header);
	const symbols = readSymbols(file, sections, ident.littleEndian);
	const tables = relocationTables(file, sections);
	return {
		file,
		littleEndian: ident.littleEndian,
		sections,
		symbols,
		relocations: (index) => readRelocations(file, tables.get(index), symbols, ident.littleEndian),
	};
}

function checkIdent(file: string, bytes: Uint8Array): { littleEndian: boolean } {
	if (bytes.length === 0) throw new InputError(file, "", "is empty");
	if (bytes.length > maxObjectBytes)
		throw new InputError(
			file,
			"",
			`has ${bytes.length} bytes, more than the ${maxObjectBytes} that are read`,
		);
	const isElf = bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
	if (!isElf && file.endsWith(".c"))
		throw new InputError(file, "", "is C source; compile it first: clang -O2 -g -target bpf -c");
	if (!isElf)
		throw new InputError(file, "ELF header", "is not an ELF object: it does not begin with 7f 45 4c 46");
	if (bytes.length < 64)
		throw new InputError(
			file,
			"ELF header",
			`ends at 0x40 but the file has 0x${bytes.length.toString(16)} bytes`,
		);
	if (bytes[4] === 1)
		throw new InputError(file, "ELF header", "is a 32-bit ELF file; eBPF objects are 64-bit");
	if (bytes[4] !== 2)
		throw new InputError(file, "ELF header", `has class ${bytes[4]}, neither 32-bit nor 64-bit`);
	if (bytes[5] !== 1 && bytes[5] !== 2)
		throw new InputError(file, "ELF header", `has byte order ${bytes[5]}, neither little nor big endian`);
	return { littleEndian: bytes[5] === 1 };
}

function readSections(file: string, bytes: Uint8Array, header: Reader): ElfSection[] {
	const whole = header.around(bytes);
	const offset = header.u64(40);
	const entrySize = header.u16(58);
	if (offset === 0) throw new InputError(file, "section header table", "is missing");
	if (entrySize !== 64)
		throw new InputError(file, "section header table", `has entries of ${entrySize} bytes, not 64`);
	// Counts that do not fit in 16 bits stand in the first section header (gABI, "ELF Header").
	const first = whole.part("section header table", offset, 64);
	const count = header.u16(60) || first.u64(32);
	const shstrndx = header.u16(62);
	const namesIndex = shstrndx === SHN.XINDEX ? first.u32(40) : shstrndx;
	if (count > maxSections)
		throw new InputError(file, "section header table", `has ${count} entries, more than ${maxSections}`);
	const table = whole.part("section header table", offset, count * 64);
	const sectionAt = (index: number) => {
		const at = index * 64;
		const type = table.u32(at + 4);
		const size = table.u64(at + 32);
		const place = `section ${index}`;
		const present = type !== SHT.NOBITS && index !== 0;
		return {
			index,
			type,
			flags: table.u32(header.littleEndian ? at + 8 : at + 12),
			size,
			link: table.u32(at + 40),
			info: table.u32(at + 44),
			entrySize: table.u64(at + 56),
			data: present ? whole.part(place, table.u64(at + 24), size).bytes : new Uint8Array(0),
			nameOffset: table.u32(at),
		};
	};
	if (namesIndex >= count)
		throw new InputError(
			file,
			"ELF header",
			`names section ${namesIndex} for names but there are ${count} sections`,
		);
	const raw = Array.from({ length: count }, (_, index) => sectionAt(index));
	if (raw.reduce((sum, { data }) => sum + data.length, 64 + table.size) > bytes.length)
		throw new InputError(file, "section header table", "has sections that overlap");
	const names = new Reader(file, "section name table", raw[namesIndex]!.data, header.littleEndian);
	return raw.map(({ nameOffset, ...section }) => ({
		...section,
		name: section.index === 0 ? "" : names.string(nameOffset),
	}));
}

function readSymbols(file: string, sections: ElfSection[], littleEndian: boolean): ElfSymbol[] {
	const tables = sections.filter((section) => section.type === SHT.SYMTAB);
	if (tables.length > 1)
		throw new InputError(file, `section ${tables[1]!.index}`, "is a second symbol table");
	const table = tables[0];
	if (!table) throw new InputError(file, "symbol table", "is missing; the object must not be stripped");
	const strings = sections[table.link];
	if (!strings || strings.type !== SHT.STRTAB)
		throw new InputError(
			file,
			`section ${table.index}`,
			`links to section ${table.link}, which holds no strings`,
		);
	if (table.data.length % 24 !== 0)
		throw new InputError(
			file,
			"symbol table",
			`has 0x${table.data.length.toString(16)} bytes, no multiple of 24`,
		);
	const count = table.data.length / 24;
	if (count > maxSymbols)
		throw new InputError(file, "symbol table", `has ${count} symbols, more than ${maxSymbols}`);
	const reader = new Reader(file, "symbol table", table.data, littleEndian);
	const names = new Reader(file, "symbol name table", strings.data, littleEndian);
	let nameBytes = 0;
	return Array.from({ length: count }, (_, index) => {
		const at = index * 24;
		const info = reader.u8(at + 4);
		const name = names.string(reader.u32(at));
		nameBytes += name.length;
		if (nameBytes > maxNameBytes)
			throw new InputError(file, "symbol table", `has names of more than ${maxNameBytes} bytes together`);
		const section = reader.u16(at + 6);
		if (section >= sections.length && section < SHN.LORESERVE)
			throw new InputError(
				file,
				`symbol ${index}`,
				`is in section ${section} but there are ${sections.length}`,
			);
		return {
			name,
			type: info & 0xf,
			binding: info >> 4,
			visibility: reader.u8(at + 5) & 3,
			section,
			value: reader.u64(at + 8),
			size: reader.u64(at + 16),
		};
	});
}

/** Relocation tables by the section that they apply to. */
function relocationTables(file: string, sections: ElfSection[]): Map<number, ElfSection> {
	const tables = new Map<number, ElfSection>();
	for (const section of sections) {
		if (section.type !== SHT.REL) continue;
		const place = `section ${section.name}`;
		if (tables.has(section.info))
			throw new InputError(file, place, `is a second list of relocations for section ${section.info}`);
		if (section.data.length % 16 !== 0)
			throw new InputError(file, place, `has 0x${section.data.length.toString(16)} bytes, no multiple of 16`);
		if (section.data.length / 16 > maxRelocations)
			throw new InputError(
				file,
				place,
				`has ${section.data.length / 16} relocations, more than ${maxRelocations}`,
			);
		tables.set(section.info, section);
	}
	return tables;
}

function readRelocations(
	file: string,
	table: ElfSection | undefined,
	symbols: ElfSymbol[],
	littleEndian: boolean,
): ElfRelocation[] {
	if (!table) return [];
	const place = `section ${table.name}`;
	const reader = new Reader(file, place, table.data, littleEndian);
	return Array.from({ length: table.data.length / 16 }, (_, index) => {
		const at = index * 16;
		const symbolIndex = reader.u32(littleEndian ? at + 12 : at + 8);
		const symbol = symbols[symbolIndex];
		if (!symbol)
			throw new InputError(file, place, `entry ${index} names symbol ${symbolIndex} of ${symbols.length}`);
		return { offset: reader.u64(at), type: reader.u32(littleEndian ? at + 8 : at + 12), symbol };
	});
}
