// SPDX-License-Identifier: Apache-2.0

import { mapTypes } from "../../../base/bpf.js";
import { InputError } from "../../../base/errors.js";
import type { Btf, BtfType } from "../btf/btf.js";
import { type Elf, type ElfRelocation, type ElfSection, SHF, SHT } from "./elf.js";

/** The shape of a map, as far as the object fixes it. Sizes in bytes. */
export interface MapShape {
	/** Name in `mapTypes` (uapi.ts): `percpu_array`. */
	type: string;
	key_size: number;
	value_size: number;
	/** 0 where libbpf or the loader decides. */
	max_entries: number;
	/** BPF_F_*. */
	flags: number;
	/** Where the object gives them; `numa_node` counts with BPF_F_NUMA_NODE only. */
	map_extra?: number;
	numa_node?: number;
	/** BTF ids of key and value, where the object names types and not only sizes. */
	key?: number;
	value?: number;
}

/** One map that libbpf makes from the object. */
export interface MapFacts extends MapShape {
	/** As `bpf_object__find_map_by_name` takes it: a variable; for data its section. */
	name: string;
	/** `btf`: defined in `.maps`; `data`: global variables; `kconfig`: kernel configuration. */
	kind: "btf" | "data" | "kconfig" | "struct_ops";
	/** The object asks for LIBBPF_PIN_BY_NAME. */
	pinned?: boolean;
	/** Path in bpffs at which the package's loader pins it, or finds the map to reuse. */
	pin?: string;
	/** Template of the maps in this map. */
	inner?: MapShape;
	/** Of a struct_ops map: programs that its members refer to. */
	programs?: string[];
	/** What of its shape the loader or the manifest sets against the object. */
	told?: Partial<Pick<MapShape, ToldKey>>;
}

/** Attributes that the manifest or a loader sets, besides the number of entries. */
export type ToldKey = "type" | "key_size" | "value_size" | "flags" | "map_extra";

const maxFields = 32;
const dataSection = /^\.(data|rodata|bss)(\.|$)/;
const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_MMAPABLE = 1 << 10;
const BPF_F_LINK = 1 << 13;
const structOpsSections = [".struct_ops", ".struct_ops.link", "?.struct_ops", "?.struct_ops.link"];

/** Every map of an object. @throws InputError when libbpf 1.x does not accept a definition */
export function readMaps(elf: Elf, btf: Btf | undefined): MapFacts[] {
	const maps = [...btfMaps(elf, btf), ...dataMaps(elf), ...kconfigMap(btf), ...structOpsMaps(elf, btf)];
	const names = new Set<string>();
	for (const { name } of maps) {
		if (names.has(name)) throw new InputError(elf.file, "section .maps", `map ${name} is there twice`);
		names.add(name);
	}
	return maps;
}

/** Sections of global variables; each becomes an array map of one element. */
export function dataSections(elf: Elf): ElfSection[] {
	return elf.sections.filter(
		({ name, flags, size, type }) =>
			dataSection.test(name) &&
			size > 0 &&
			(flags & (SHF.ALLOC | SHF.EXECINSTR)) === SHF.ALLOC &&
			(type === SHT.PROGBITS || type === SHT.NOBITS),
	);
}

function dataMaps(elf: Elf): MapFacts[] {
	return dataSections(elf).map(({ name, size }) => ({
		name,
		kind: "data",
		type: "array",
		key_size: 4,
		value_size: size,
		max_entries: 1,
		flags: name.startsWith(".rodata") ? BPF_F_RDONLY_PROG | BPF_F_MMAPABLE : BPF_F_MMAPABLE,
	}));
}

function datasec(btf: Btf | undefined, name: string): Extract<BtfType, { kind: "datasec" }> | undefined {
	const id = btf?.find(name, "datasec");
	const type = id === undefined ? undefined : btf?.type(id);
	return type?.kind === "datasec" ? type : undefined;
}

function kconfigMap(btf: Btf | undefined): MapFacts[] {
	const section = datasec(btf, ".kconfig");
	if (!btf || !section || section.entries.length === 0) return [];
	// Libbpf lays the variables out by itself; their sum is the least that it can come to.
	const size = section.entries.reduce((sum, entry) => sum + btf.sizeOf(entry.type), 0);
	const shape = { type: "array", key_size: 4, value_size: size, max_entries: 1, flags: BPF_F_RDONLY_PROG };
	return [{ name: ".kconfig", kind: "kconfig", ...shape }];
}

function structOpsMaps(elf: Elf, btf: Btf | undefined): MapFacts[] {
	if (!btf) return [];
	return structOpsSections.flatMap((name) => {
		const section = elf.sections.find((candidate) => candidate.name === name);
		if (!section) return [];
		const members = elf.relocations(section.index).sort((a, b) => a.offset - b.offset);
		const symbols = new Map(
			elf.symbols.filter((symbol) => symbol.section === section.index).map((symbol) => [symbol.name, symbol]),
		);
		/** Compilers leave the offsets of the BTF at 0: the symbol of the variable has it. */
		const programsOf = (variable: string) => {
			const at = symbols.get(variable);
			if (!at) return [];
			const first = firstFrom(members, at.value);
			const own = members.slice(first, firstFrom(members, at.value + at.size));
			return [...new Set(own.map(({ symbol }) => symbol.name))];
		};
		return (datasec(btf, name)?.entries ?? []).map((entry) => ({
			name: btf.name(entry.type),
			kind: "struct_ops" as const,
			type: "struct_ops",
			key_size: 4,
			value_size: btf.sizeOf(entry.type),
			max_entries: 1,
			flags: name.endsWith(".link") ? BPF_F_LINK : 0,
			value: entry.type,
			programs: programsOf(btf.name(entry.type)),
		}));
	});
}

/** Index of the first relocation at or behind an offset. */
function firstFrom(sorted: readonly ElfRelocation[], offset: number): number {
	let low = 0;
	for (let high = sorted.length; low < high; ) {
		const middle = (low + high) >> 1;
		if (sorted[middle]!.offset < offset) low = middle + 1;
		else high = middle;
	}
	return low;
}

function btfMaps(elf: Elf, btf: Btf | undefined): MapFacts[] {
	const section = elf.sections.find(({ name }) => name === ".maps");
	if (!section || section.size === 0) return [];
	if (!btf)
		throw new InputError(elf.file, "section .maps", "has maps but the object has no BTF to describe them");
	const types = datasec(btf, ".maps");
	if (!types) throw new InputError(elf.file, "section .maps", "is not described in the BTF");
	return types.entries.map((entry) => {
		const variable = btf.type(entry.type);
		if (variable.kind !== "var")
			throw new InputError(
				elf.file,
				"section .maps",
				`BTF type ${entry.type} is ${variable.kind}, not a variable`,
			);
		const { name } = variable;
		const { pinned, inner, ...shape } = definition(elf.file, btf, `map ${name}`, variable.type, true);
		return {
			name,
			kind: "btf" as const,
			...shape,
			...(pinned ? { pinned } : {}),
			...(inner ? { inner } : {}),
		};
	});
}

/** A map's struct (libbpf's `__uint`, `__type`): element counts and types that members point to. */
function definition(
	file: string,
	btf: Btf,
	place: string,
	id: number,
	outer: boolean,
): MapShape & { pinned: boolean; inner?: MapShape } {
	const fail = (reason: string) => new InputError(file, place, reason);
	const type = btf.type(btf.resolve(id));
	if (type.kind !== "struct") throw fail(`is ${btf.spell(id)}, not a struct`);
	if (type.members.length > maxFields) throw fail(`has ${type.members.length} fields`);
	const shape: MapShape & { pinned: boolean; inner?: MapShape } = {
		type: "unspec",
		key_size: 0,
		value_size: 0,
		max_entries: 0,
		flags: 0,
		pinned: false,
	};
	const pointee = (member: string, at: number) => {
		const pointer = btf.type(btf.resolve(at));
		if (pointer.kind !== "ptr") throw fail(`field ${member} is ${btf.spell(at)}, not a pointer`);
		return pointer.type;
	};
	const number = (member: string, at: number) => {
		const resolved = btf.type(btf.resolve(at));
		// __ulong holds its number in an enumeration, because an array cannot have that many
		// elements.
		if (resolved.kind === "enum" || resolved.kind === "enum64")
			return Number(resolved.values[0]?.value ?? 0n);
		const array = btf.type(btf.resolve(pointee(member, at)));
		if (array.kind !== "array") throw fail(`field ${member} points to no array`);
		return array.count;
	};
	for (const { name, type: at } of type.members) {
		switch (name) {
			case "type":
				shape.type = mapTypes.name(number(name, at));
				break;
			case "max_entries":
			case "key_size":
			case "value_size":
				shape[name] = number(name, at);
				break;
			case "map_flags":
				shape.flags = number(name, at);
				break;
			case "pinning":
				shape.pinned = number(name, at) === 1;
				break;
			case "key":
			case "value":
				shape[name] = pointee(name, at);
				shape[`${name}_size`] = btf.sizeOf(shape[name]!);
				break;
			case "values": {
				shape.value_size = 4;
				const array = btf.type(btf.resolve(at));
				if (array.kind !== "array") throw fail("field values is not an array");
				if (shape.type === "prog_array") break;
				if (!outer) throw fail("has maps in maps in maps; the kernel allows one level");
				const { pinned: _, ...inner } = definition(
					file,
					btf,
					`${place}: values`,
					pointee(name, array.type),
					false,
				);
				shape.inner = inner;
				break;
			}
			case "numa_node":
			case "map_extra":
				shape[name] = number(name, at);
				break;
			default:
				throw fail(`has unknown field ${JSON.stringify(name)}`);
		}
	}
	if (shape.type === "unspec") throw fail("has no type");
	return shape;
}
