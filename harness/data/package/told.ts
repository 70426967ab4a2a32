// SPDX-License-Identifier: Apache-2.0
import { attachTypes, mapTypes, programFlags, programTypes } from "../../base/bpf.js";
import { autoloads } from "./autoload.js";
import type { Dialect } from "./elf/dialect.js";
import type { MapFacts } from "./elf/maps.js";
import { meaningOf, type SectionMeaning } from "./elf/section.js";
import { bpffs, type LoadFlag, type MapSettings, type ObjectEntry } from "./manifest/manifest.js";
import type { ObjectFacts, ProgramFacts } from "./object.js";

/** Settings of a program that libbpf cannot derive from the section's name. */
export interface ToldProgram {
	name: string;
	/** BPF_PROG_TYPE_*. */
	type?: number;
	/** BPF_*, 0 where the type has none. */
	attach_type?: number;
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

/** The flags with which a program is loaded: those of the manifest, and those of its section. */
export function flagsOf({ settings }: Pick<LibbpfObject, "settings">, program: ProgramFacts): LoadFlag[] {
	const { name, section, meaning } = program;
	const frags = meaning?.type === "xdp" && /^\??xdp\.frags/.test(section);
	return [
		...new Set([
			...(settings.programs?.[name]?.flags ?? []),
			...(meaning?.sleepable ? (["sleepable"] as const) : []),
			...(frags ? (["xdp_has_frags"] as const) : []),
		]),
	];
}

const bitsOf = (flags: readonly LoadFlag[]) =>
	flags.reduce((bits, flag) => bits | (1 << (programFlags.number(flag) ?? 0)), 0);

/** Settings of programs, only of those that need one. */
export function toldPrograms(object: Pick<LibbpfObject, "programs" | "settings">): ToldProgram[] {
	return object.programs.flatMap((program) => {
		const { name, section, meaning } = program;
		const own = object.settings.programs?.[name]?.flags ?? [];
		if (!meaning || isSame(meaningOf(section), meaning))
			return own.length > 0 ? [{ name, flags: bitsOf(own) }] : [];
		return [
			{
				name,
				type: programTypes.number(meaning.type) ?? 0,
				attach_type: meaning.attachType === undefined ? 0 : (attachTypes.number(meaning.attachType) ?? 0),
				flags: bitsOf(flagsOf(object, program)),
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
