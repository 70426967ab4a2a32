// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../errors.js";
import { type Elf, type ElfSection, readElf, SHF, SHN, SHT, STB, STT } from "./elf.js";
import { dataMaps, type MapFacts } from "./maps.js";
import { meaningOf, type SectionMeaning } from "./section.js";

/** One program: a function outside `.text`, as libbpf finds them. */
export interface ProgramFacts {
	name: string;
	section: string;
	/** What the section's name says; absent when libbpf knows no such section. */
	meaning?: SectionMeaning;
	/** Instructions of 8 bytes, as they stand in the object: without the subprograms that libbpf appends. */
	insns: number;
	/** Byte offset in its section. */
	offset: number;
}

/** What an eBPF object holds, read from the file alone. */
export interface ObjectFacts {
	programs: ProgramFacts[];
	maps: MapFacts[];
	/** Of the `license` section; empty when there is none. */
	license: string;
	elf: Elf;
}

/**
 * Reads an eBPF object.
 *
 * @throws InputError when it is no object that libbpf could open
 */
export function readObject(file: string, bytes: Uint8Array): ObjectFacts {
	const elf = readElf(file, bytes);
	const programs = readPrograms(elf);
	return { programs, maps: dataMaps(elf), license: readLicense(elf), elf };
}

const isCode = (section: ElfSection) =>
	section.type === SHT.PROGBITS && (section.flags & SHF.EXECINSTR) !== 0 && section.size > 0;

function readPrograms(elf: Elf): ProgramFacts[] {
	const programs: ProgramFacts[] = [];
	const names = new Map<string, string>();
	for (const symbol of elf.symbols) {
		if (symbol.type !== STT.FUNC || symbol.section === SHN.UNDEF) continue;
		const section = elf.sections[symbol.section];
		if (!section || !isCode(section) || section.name === ".text") continue;
		const place = `section ${section.name}`;
		if (symbol.binding === STB.LOCAL)
			throw new InputError(
				elf.file,
				place,
				`program ${symbol.name} is static; libbpf does not load static programs`,
			);
		if (symbol.value + symbol.size > section.size)
			throw new InputError(
				elf.file,
				place,
				`program ${symbol.name} ends at 0x${(symbol.value + symbol.size).toString(16)} but the section has 0x${section.size.toString(16)} bytes`,
			);
		if (symbol.size === 0 || symbol.size % 8 !== 0 || symbol.value % 8 !== 0)
			throw new InputError(
				elf.file,
				place,
				`program ${symbol.name} has ${symbol.size} bytes at 0x${symbol.value.toString(16)}, which are no whole instructions`,
			);
		const other = names.get(symbol.name);
		if (other !== undefined)
			throw new InputError(
				elf.file,
				place,
				`program ${symbol.name} is there twice, also in section ${other}`,
			);
		names.set(symbol.name, section.name);
		const meaning = meaningOf(section.name);
		programs.push({
			name: symbol.name,
			section: section.name,
			...(meaning ? { meaning } : {}),
			insns: symbol.size / 8,
			offset: symbol.value,
		});
	}
	if (programs.length === 0)
		throw new InputError(elf.file, "", "holds no program: no function outside .text");
	return programs;
}

function readLicense(elf: Elf): string {
	const section = elf.sections.find((candidate) => candidate.name === "license");
	if (!section) return "";
	const end = section.data.indexOf(0);
	return Buffer.from(section.data.subarray(0, end < 0 ? undefined : end))
		.toString("utf8")
		.slice(0, 128);
}
