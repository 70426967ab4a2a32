// SPDX-License-Identifier: Apache-2.0
import { type Elf, type ElfSection, SHF, SHT } from "./elf.js";

/** One map that libbpf makes from the object. Sizes in bytes; absent where the object leaves them to libbpf. */
export interface MapFacts {
	/** As `bpf_object__find_map_by_name` takes it: the variable's name, or the section's for data (`.rodata`). */
	name: string;
	/** `btf`: defined in `.maps`; `data`: global variables. */
	kind: "btf" | "data";
	/** Name in `mapTypes` (uapi.ts): `percpu_array`. */
	type?: string;
	key_size?: number;
	value_size?: number;
	max_entries?: number;
	/** BPF_F_*. */
	flags?: number;
}

const dataSection = /^\.(data|rodata|bss)(\.|$)/;
const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_MMAPABLE = 1 << 10;

/** Sections of global variables, each of which becomes an array map of one element. */
export function dataSections(elf: Elf): ElfSection[] {
	return elf.sections.filter(
		({ name, flags, size, type }) =>
			dataSection.test(name) &&
			size > 0 &&
			(flags & (SHF.ALLOC | SHF.EXECINSTR)) === SHF.ALLOC &&
			(type === SHT.PROGBITS || type === SHT.NOBITS),
	);
}

/** Maps of global variables. */
export function dataMaps(elf: Elf): MapFacts[] {
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
