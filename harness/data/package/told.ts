// SPDX-License-Identifier: Apache-2.0
import { attachTypes, mapTypes, programTypes } from "../../base/bpf.js";
import { autoloads } from "./autoload.js";
import type { Dialect } from "./elf/dialect.js";
import type { MapFacts } from "./elf/maps.js";
import { meaningOf, type SectionMeaning } from "./elf/section.js";
import { bpffs, type MapSettings, type ObjectEntry } from "./manifest/manifest.js";
import type { ObjectFacts, ProgramFacts } from "./object.js";

/** A setting of a program that libbpf cannot derive from the section's name. */
export interface ToldProgram {
	name: string;
	/** BPF_PROG_TYPE_*. */
	type: number;
	/** BPF_*, 0 where the type has none. */
	attach_type: number;
	/** BPF_F_* of BPF_PROG_LOAD. */
	flags: number;
}

/** A setting of a map that differs from the object. */
export interface ToldMap {
	name: string;
	/** BPF_MAP_TYPE_*. */
	type?: number;
	/** In bytes. */
	key_size?: number;
	value_size?: number;
	max_entries?: number;
	/** BPF_F_*. */
	flags?: number;
	map_extra?: number;
	/** False: libbpf leaves it out. */
	autocreate?: boolean;
	/** Path in bpffs; empty for a map that is not pinned. */
	pin?: string;
}

/** What of an object decides how libbpf loads it. */
export type LibbpfObject = Pick<ObjectFacts, "programs" | "maps" | "uncreated" | "externs" | "dialect"> & {
	settings: ObjectEntry;
};

const BPF_F_SLEEPABLE = 1 << 4;
const BPF_F_XDP_HAS_FRAGS = 1 << 5;

/** Settings of programs, only of those that need one. */
export function toldPrograms({ programs }: Pick<LibbpfObject, "programs">): ToldProgram[] {
	return programs.flatMap(({ name, section, meaning }) => {
		if (!meaning || isSame(meaningOf(section), meaning)) return [];
		const frags = meaning.type === "xdp" && /^\??xdp\.frags/.test(section);
		return [
			{
				name,
				type: programTypes.number(meaning.type) ?? 0,
				attach_type: meaning.attachType === undefined ? 0 : (attachTypes.number(meaning.attachType) ?? 0),
				flags: (meaning.sleepable ? BPF_F_SLEEPABLE : 0) | (frags ? BPF_F_XDP_HAS_FRAGS : 0),
			},
		];
	});
}

function isSame(own: SectionMeaning | undefined, meaning: SectionMeaning): boolean {
	return own?.type === meaning.type && own.attachType === meaning.attachType;
}

/** The programs to load: those with autoload, and those that a struct_ops map refers to. */
export function wantedPrograms(object: LibbpfObject): ProgramFacts[] {
	return object.programs.filter((program) => autoloads(object, program));
}

/** Settings of maps that need one. @param cpus of the machine, for maps sized `"cpus"` */
export function toldMaps({ maps, uncreated, settings, dialect }: LibbpfObject, cpus: number): ToldMap[] {
	const created = maps.flatMap((map) => {
		const { name, told: { type, ...told } = {}, pinned, pin = "" } = map;
		const max_entries = entriesFor(map, dialect, settings.maps?.[name], cpus);
		const byName = pinned ? `${bpffs}/${name}` : "";
		const setting: ToldMap = {
			name,
			...(type === undefined ? {} : { type: mapTypes.number(type) ?? 0 }),
			...told,
			...(max_entries === undefined ? {} : { max_entries }),
			...(pin === byName ? {} : { pin }),
		};
		return Object.keys(setting).length > 1 ? [setting] : [];
	});
	return [...uncreated.map((name) => ({ name, autocreate: false })), ...created];
}

/** cilium/ebpf gives these at most as many entries as the machine has CPUs. */
const perCpu = ["perf_event_array", "cpumap"];

function entriesFor(
	{ type, max_entries }: MapFacts,
	dialect: Dialect,
	settings: MapSettings | undefined,
	cpus: number,
): number | undefined {
	const wanted = settings?.max_entries;
	const given = wanted === "cpus" ? cpus : wanted;
	const entries = given ?? max_entries;
	if (dialect !== "cilium/ebpf" || !perCpu.includes(type)) return given;
	return entries === 0 || entries > cpus ? cpus : given;
}
