// SPDX-License-Identifier: Apache-2.0

import { mapTypes } from "../../../base/bpf.js";
import { rodataOf } from "../../../data/package/elf/rodata.js";
import type { MapSettings } from "../../../data/package/manifest/manifest.js";
import type { PackageObject } from "../../../data/package/package.js";
import { toldMaps, toldPrograms } from "../../../data/package/told.js";
import type { Args } from "../../../machine/guest/operations.js";

export { wantedPrograms } from "../../../data/package/told.js";

/** Path of an object's ELF file in the guest. */
export function guestPath(object: PackageObject): string {
	return `/run/${object.file.replace(/[^A-Za-z0-9._-]/g, "_")}`;
}

/**
 * The manifest's settings of an object for `object_open`.
 * @param cpus of the guest, for maps sized `"cpus"`
 * @param targets agent's handles of loaded objects by file, for programs of other objects
 */
export function openArgs(
	object: PackageObject,
	cpus: number,
	targets: ReadonlyMap<string, number>,
): Args<"object_open"> {
	const { settings } = object;
	const rodata = settings.rodata ? rodataOf(object) : [];
	const maps = [
		...toldMaps(object, cpus),
		// The guest has one node; a map of another one would be refused (EINVAL).
		...object.maps.flatMap(({ name, numa_node }) => (numa_node ? [{ name, numa_node: 0 }] : [])),
		...Object.entries(settings.maps ?? {}).flatMap(([name, setting]) => innerArgs(name, setting, cpus)),
		...rodata.map(({ map, bytes }) => ({ name: map, initial_value: bytes })),
	];
	const types = new Map(toldPrograms(object).map((told) => [told.name, told]));
	const programs = object.programs.map(({ name }) => {
		const { target, log_level } = settings.programs?.[name] ?? {};
		const told = { ...(types.get(name) ?? { name }), ...(log_level === undefined ? {} : { log_level }) };
		if (!target) return told;
		const handle = target.program === undefined ? undefined : targets.get(target.object ?? object.file);
		return {
			...told,
			target: {
				...(handle === undefined ? {} : { object: handle }),
				...(target.program === undefined ? {} : { program: target.program }),
				...(target.function === undefined ? {} : { function: target.function }),
			},
		};
	});
	return { path: guestPath(object), ...(maps.length > 0 ? { maps } : {}), programs };
}

type MapArgs = NonNullable<Args<"object_open">["maps"]>[number];

function innerArgs(name: string, { inner }: MapSettings, cpus: number): MapArgs[] {
	if (!inner) return [];
	const max_entries = inner.max_entries === "cpus" ? cpus : inner.max_entries;
	return [{ name, inner: { ...inner, type: mapTypeNumber(inner.type), max_entries } }];
}

/** The manifest was checked on opening: an unknown name here is a defect of bpfgate. */
function mapTypeNumber(name: string): number {
	const number = mapTypes.number(name);
	if (number === undefined) throw new Error(`unknown map type ${name}`);
	return number;
}
