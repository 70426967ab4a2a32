// SPDX-License-Identifier: Apache-2.0

import { mapTypes } from "../../../base/bpf.js";
import { rodataOf } from "../../../data/package/elf/rodata.js";
import type { MapSettings } from "../../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { PackageObject } from "../../../data/package/package.js";
import type { Args } from "../../../machine/guest/operations.js";

/** Path of an object's ELF file in the guest. */
export function guestPath(object: PackageObject): string {
	return `/run/${object.file.replace(/[^A-Za-z0-9._-]/g, "_")}`;
}

/**
 * The programs to load: all except those without autoload in the object or the manifest. libbpf
 * also loads those that a struct_ops map refers to.
 */
export function wantedPrograms(object: PackageObject): ProgramFacts[] {
	const members = new Set(object.maps.flatMap(({ programs = [] }) => programs));
	return object.programs.filter(
		({ name, meaning }) =>
			object.settings.programs?.[name]?.autoload ?? ((meaning?.autoload ?? true) || members.has(name)),
	);
}

/**
 * The manifest's settings of an object, as arguments of the agent's `object_open`.
 *
 * @param cpus of the guest, for maps sized `"cpus"`
 * @param targets agent's handles of loaded objects by file, for programs whose target is a program
 * of another object
 */
export function openArgs(
	object: PackageObject,
	cpus: number,
	targets: ReadonlyMap<string, number>,
): Args<"object_open"> {
	const { settings } = object;
	const rodata = settings.rodata ? rodataOf(object) : [];
	const maps = [
		...Object.entries(settings.maps ?? {}).map(([name, setting]) => mapArgs(name, setting, cpus)),
		...rodata.map(({ map, bytes }) => ({ name: map, initial_value: bytes })),
	];
	const programs = object.programs.map(({ name }) => {
		const target = settings.programs?.[name]?.target;
		if (!target) return { name };
		const handle = target.program === undefined ? undefined : targets.get(target.object ?? object.file);
		return {
			name,
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

function mapArgs(name: string, setting: MapSettings, cpus: number): MapArgs {
	const entries = (count: number | "cpus") => (count === "cpus" ? cpus : count);
	const { max_entries, value_size, inner } = setting;
	return {
		name,
		...(max_entries === undefined ? {} : { max_entries: entries(max_entries) }),
		...(value_size === undefined ? {} : { value_size }),
		...(inner
			? { inner: { ...inner, type: mapTypeNumber(inner.type), max_entries: entries(inner.max_entries) } }
			: {}),
	};
}

/** The manifest was checked on opening: an unknown name here is a defect of bpfgate. */
function mapTypeNumber(name: string): number {
	const number = mapTypes.number(name);
	if (number === undefined) throw new Error(`unknown map type ${name}`);
	return number;
}
