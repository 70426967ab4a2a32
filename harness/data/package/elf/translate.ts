// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { Btf } from "../btf/btf.js";
import { BtfAppender } from "../btf/btf-append.js";
import type { Dialect } from "./dialect.js";
import { type Elf, type ElfSection, type ElfSymbol, readElf, SHF, SHT, STT } from "./elf.js";
import { rewriteElf } from "./elf-rewrite.js";
import { Reader } from "./reader.js";

/**
 * An object in libbpf's terms: what another loader reads in its own way becomes what libbpf 1.x
 * reads the same way. The programs stay as they are.
 *
 * - Maps of sections named `maps`, each a `struct bpf_map_def`, become maps of `.maps` with BTF.
 * - A kind of pinning that libbpf does not have is left out: the package's own loader sees to it.
 * - Aya takes an object without a license for GPL.
 * @returns the same bytes where the dialect makes no difference
 * @throws InputError when a map's definition is not one that the loader takes
 */
export function inLibbpfTerms(elf: Elf, bytes: Uint8Array, dialect: Dialect): Uint8Array {
	if (dialect === "libbpf") return bytes;
	let result = bytes;
	let read = elf;
	for (const step of [licensed, withMapsOfToday, withKnownPins]) {
		const changed = step(read, result, dialect);
		if (changed === result) continue;
		result = changed;
		read = readElf(elf.file, result);
	}
	return result;
}

function licensed(elf: Elf, bytes: Uint8Array, dialect: Dialect): Uint8Array {
	if (dialect !== "aya" || elf.sections.some(({ name }) => name.startsWith("license"))) return bytes;
	const license = { name: "license", type: SHT.PROGBITS, flags: SHF.ALLOC, data: Buffer.from("GPL\0") };
	return rewriteElf(elf, bytes, { added: [license] });
}

/** A map of a section of the old kind, and where its symbol moves to in `.maps`. */
interface LegacyMap {
	symbol: ElfSymbol;
	symbolIndex: number;
	fields: { name: string; value: number }[];
	offset: number;
	size: number;
}

const legacyFields = ["type", "key_size", "value_size", "max_entries", "map_flags"];
/** `struct bpf_map_def` of aya and of iproute2 has two more; aya reads the second. */
const pinningAt = 24;

function withMapsOfToday(elf: Elf, bytes: Uint8Array, dialect: Dialect): Uint8Array {
	const old = elf.sections.filter(({ name }) => isLegacySection(name, dialect));
	if (old.length === 0) return bytes;
	const today = elf.sections.find(({ name }) => name === ".maps");
	const home = today ?? old[0]!;
	if (today && today.data.length !== today.size)
		throw new InputError(elf.file, "section .maps", "has no contents in the file");
	let size = align(today?.size ?? 0);
	const maps = old.flatMap((section) => {
		const found = legacyMaps(elf, section, size, dialect);
		size += align(section.data.length);
		return found;
	});
	const names = new Map(old.map(({ index }) => [index, index === home.index ? ".maps" : ".debug_maps"]));
	const contents = new Uint8Array(size);
	if (today) contents.set(today.data);
	const symtab = elf.sections.find(({ type }) => type === SHT.SYMTAB)!;
	const types = elf.sections.find(({ name }) => name === ".BTF");
	const btf = describeMaps(elf, types?.data, maps, size);
	const data = new Map([
		[home.index, contents],
		[symtab.index, movedSymbols(elf, symtab, maps, home.index)],
		...(types ? [[types.index, btf] as const] : []),
	]);
	const added = types ? [] : [{ name: ".BTF", type: SHT.PROGBITS, flags: 0, data: btf }];
	return rewriteElf(elf, bytes, { names, data, added });
}

/** True for a section that holds `struct bpf_map_def` in this dialect. */
export function isLegacySection(name: string, dialect: Dialect): boolean {
	if (dialect === "libbpf-legacy") return name === "maps";
	return dialect !== "libbpf" && name.startsWith("maps");
}

const align = (size: number) => Math.ceil(size / 8) * 8;

function legacyMaps(elf: Elf, section: ElfSection, base: number, dialect: Dialect): LegacyMap[] {
	const maps = elf.symbols.flatMap((symbol, symbolIndex) =>
		symbol.section === section.index && symbol.type !== STT.SECTION && symbol.name !== ""
			? [{ symbol, symbolIndex }]
			: [],
	);
	const place = `section ${section.name}`;
	if (maps.length === 0) throw new InputError(elf.file, place, "has no symbol that names a map");
	const reader = new Reader(elf.file, place, section.data, elf.littleEndian);
	return maps.map(({ symbol, symbolIndex }) => {
		const { name, value, size } = symbol;
		const fail = (reason: string) => new InputError(elf.file, `map ${name}`, reason);
		const definition = reader.part(
			`map ${name}`,
			value,
			size || Math.floor(section.data.length / maps.length),
		);
		const word = (at: number) => (at + 4 <= definition.size ? definition.u32(at) : 0);
		if (definition.size < legacyFields.length * 4 && dialect !== "libbpf-legacy")
			throw fail(`has ${definition.size} bytes, fewer than the 20 of a struct bpf_map_def`);
		const extra = definition.bytes.subarray(legacyFields.length * 4);
		if (dialect === "libbpf-legacy" && extra.some((byte) => byte !== 0))
			throw fail("sets fields after map_flags, which libbpf did not take");
		const fields = legacyFields.map((field, index) => ({ name: field, value: word(index * 4) }));
		if (dialect === "aya" && word(pinningAt) === 1) fields.push({ name: "pinning", value: 1 });
		return { symbol, symbolIndex, fields, offset: base + value, size: Math.max(definition.size, 8) };
	});
}

/** The symbol table with each map's symbol at its place in `.maps`. */
function movedSymbols(elf: Elf, symtab: ElfSection, maps: LegacyMap[], home: number): Uint8Array {
	const table = Uint8Array.from(symtab.data);
	const view = new DataView(table.buffer);
	for (const { symbolIndex, offset } of maps) {
		view.setUint16(symbolIndex * 24 + 6, home, elf.littleEndian);
		view.setBigUint64(symbolIndex * 24 + 8, BigInt(offset), elf.littleEndian);
	}
	return table;
}

function describeMaps(elf: Elf, bytes: Uint8Array | undefined, maps: LegacyMap[], size: number): Uint8Array {
	const btf = bytes && new Btf(elf.file, bytes);
	const appender = new BtfAppender(elf.file, bytes, elf.littleEndian);
	const element = appender.unsigned("unsigned char", 1);
	const variables = new Map<string, number>();
	for (const id of btf?.ids("datasec") ?? []) {
		const section = btf?.type(id);
		if (section?.kind !== "datasec" || !section.name.startsWith("maps")) continue;
		for (const { type } of section.entries) variables.set(btf?.name(type) ?? "", type);
		appender.clear(id);
	}
	const entries = maps.map((map) => {
		const members = map.fields.map(({ name, value }) => ({ name, type: appender.number(value, element) }));
		const definition = appender.struct(8, members);
		const known = variables.get(map.symbol.name);
		if (known !== undefined) appender.patch(known, 2, definition);
		const type = known ?? appender.variable(map.symbol.name, definition);
		return { type, offset: map.offset, size: map.size };
	});
	const id = btf?.find(".maps", "datasec");
	const there = id === undefined ? undefined : btf?.type(id);
	const before = there?.kind === "datasec" ? there.entries : [];
	const sorted = [...before, ...entries].sort((a, b) => a.offset - b.offset);
	appender.section(".maps", size, sorted, id);
	return appender.done();
}

/** LIBBPF_PIN_NONE and LIBBPF_PIN_BY_NAME are all that libbpf takes. */
const knownPins = [0, 1];

function withKnownPins(elf: Elf, bytes: Uint8Array): Uint8Array {
	const types = elf.sections.find(({ name }) => name === ".BTF");
	const btf = types && new Btf(elf.file, types.data);
	const id = btf?.find(".maps", "datasec");
	if (!types || !btf || id === undefined) return bytes;
	const section = btf.type(id);
	if (section.kind !== "datasec") return bytes;
	const appender = new BtfAppender(elf.file, types.data, elf.littleEndian);
	let none: number | undefined;
	for (const entry of section.entries) {
		const variable = btf.type(entry.type);
		const struct = variable.kind === "var" ? btf.resolve(variable.type) : 0;
		const definition = btf.type(struct);
		if (definition.kind !== "struct") continue;
		for (const [index, { name, type }] of definition.members.entries()) {
			const pointer = name === "pinning" ? btf.type(btf.resolve(type)) : undefined;
			const array = pointer?.kind === "ptr" ? btf.type(btf.resolve(pointer.type)) : undefined;
			if (array?.kind !== "array" || knownPins.includes(array.count)) continue;
			none ??= appender.number(0, appender.unsigned("unsigned char", 1));
			appender.patch(struct, 3 + index * 3 + 1, none);
		}
	}
	return none === undefined
		? bytes
		: rewriteElf(elf, bytes, { data: new Map([[types.index, appender.done()]]) });
}
