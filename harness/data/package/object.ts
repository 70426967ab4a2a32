// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import { Btf } from "./btf/btf.js";
import { BtfExt } from "./btf/btf-ext.js";
import { type Uses, usesOf } from "./elf/calls.js";
import type { Dialect } from "./elf/dialect.js";
import { type Elf, type ElfSection, readElf, SHF, SHN, SHT, STB, STT } from "./elf/elf.js";
import { type Extern, readExterns } from "./elf/externs.js";
import { type MapFacts, readMaps } from "./elf/maps.js";
import type { SectionMeaning } from "./elf/section.js";
import { inLibbpfTerms } from "./elf/translate.js";
import { mapForLoader, programMeaning } from "./loader-view.js";
import type { ObjectEntry } from "./manifest/manifest.js";

/** A compiler keeps only types in use: the largest objects known have under one MiB of them. */
const maxBtfBytes = 4 * 1024 * 1024;

/** One program: a function outside `.text`, as libbpf finds them. */
export interface ProgramFacts {
	name: string;
	section: string;
	/** By the manifest, or by the section's name to the package's loader; absent without either. */
	meaning?: SectionMeaning;
	/** Byte offset in its section. */
	offset: number;
	/** Its instructions of 8 bytes, without the functions that it calls. */
	insns: number;
	/** What it and the functions that it calls refer to. */
	uses: Uses;
}

/** What an eBPF object holds, read from the file alone, as the package's loader sees it. */
export interface ObjectFacts {
	dialect: Dialect;
	/** The object as libbpf takes it: the file's bytes, or the same in libbpf's terms. */
	loadable: Uint8Array;
	/** None for an object that only holds maps, or functions for other objects. */
	programs: ProgramFacts[];
	maps: MapFacts[];
	/** Names of further maps, which the manifest has the loader leave out. */
	uncreated: string[];
	externs: Extern[];
	/** Of the `license` section; empty when there is none. */
	license: string;
	elf: Elf;
	btf?: Btf;
	btfExt?: BtfExt;
}

/**
 * Reads an eBPF object.
 * @param dialect the loader that the package is written for
 * @throws InputError when it is not an object that the loader could open
 */
export function readObject(
	file: string,
	bytes: Uint8Array,
	dialect: Dialect = "libbpf",
	settings: Omit<ObjectEntry, "file"> = {},
): ObjectFacts {
	const written = readElf(file, bytes);
	const loadable = inLibbpfTerms(written, bytes, dialect);
	const elf = loadable === bytes ? written : readElf(file, loadable);
	const section = (name: string) => elf.sections.find((candidate) => candidate.name === name)?.data;
	const types = section(".BTF");
	if (types && types.length > maxBtfBytes)
		throw new InputError(
			file,
			"section .BTF",
			`has ${types.length} bytes, more than the ${maxBtfBytes} that are read`,
		);
	const btf = types && new Btf(file, types);
	const ext = section(".BTF.ext");
	const maps = readMaps(elf, btf);
	const isCreated = ({ name }: MapFacts) => settings.maps?.[name]?.autocreate !== false;
	return {
		dialect,
		loadable,
		programs: readPrograms(elf, dialect, settings),
		maps: maps.filter(isCreated).map((map) => mapForLoader(map, dialect, settings)),
		uncreated: maps.filter((map) => !isCreated(map)).map(({ name }) => name),
		externs: readExterns(elf, btf),
		license: readLicense(section("license")),
		elf,
		...(btf ? { btf } : {}),
		...(btf && ext ? { btfExt: new BtfExt(file, ext, btf) } : {}),
	};
}

const isCode = (section: ElfSection) =>
	section.type === SHT.PROGBITS && (section.flags & SHF.EXECINSTR) !== 0 && section.size > 0;
const hex = (value: number) => `0x${value.toString(16)}`;

function readPrograms(elf: Elf, dialect: Dialect, settings: Omit<ObjectEntry, "file">): ProgramFacts[] {
	const uses = usesOf(elf);
	const sections = new Map<string, string>();
	return elf.symbols.flatMap((symbol): ProgramFacts[] => {
		if (symbol.type !== STT.FUNC || symbol.section === SHN.UNDEF) return [];
		const section = elf.sections[symbol.section];
		if (!section || !isCode(section) || section.name === ".text") return [];
		const { name, value: offset, size } = symbol;
		const fail = (reason: string) =>
			new InputError(elf.file, `section ${section.name}`, `program ${name} ${reason}`);
		if (symbol.binding === STB.LOCAL) throw fail("is static; libbpf does not load static programs");
		if (offset + size > section.size)
			throw fail(`ends at ${hex(offset + size)} but the section has ${hex(section.size)} bytes`);
		if (size === 0 || size % 8 !== 0 || offset % 8 !== 0)
			throw fail(`has ${size} bytes at ${hex(offset)}, which is not a multiple of 8`);
		const other = sections.get(name);
		if (other !== undefined) throw fail(`is there twice, also in section ${other}`);
		sections.set(name, section.name);
		const meaning = programMeaning(section.name, dialect, settings.programs?.[name]);
		return [
			{
				name,
				section: section.name,
				...(meaning ? { meaning } : {}),
				offset,
				insns: size / 8,
				uses: uses(section.index, offset),
			},
		];
	});
}

function readLicense(data: Uint8Array = new Uint8Array(0)): string {
	const end = data.indexOf(0);
	return Buffer.from(data.subarray(0, end < 0 ? undefined : end))
		.toString("utf8")
		.slice(0, 128);
}
