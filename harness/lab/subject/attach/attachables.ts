// SPDX-License-Identifier: Apache-2.0
import type { ProgramFacts } from "../../../data/package/object.js";
import type { PackageObject } from "../../../data/package/package.js";
import { wantedPrograms } from "../load/open-args.js";
import type { Attachable } from "./attach-programs.js";
import { hookOf } from "./hook.js";

/** Name in cases of a program or map of one object. */
export type NameOf = (name: string) => string;

/** Programs of an object that have an attach point, and its struct_ops maps. */
export function attachables(object: PackageObject, nameOf: NameOf): Attachable[] {
	const programs = wantedPrograms(object).flatMap((program) => attachableProgram(object, program, nameOf));
	const maps = object.maps
		.filter((map) => map.type === "struct_ops")
		.map(({ name }) => {
			return { kind: "map" as const, name, caseName: nameOf(name), target: { hook: "auto" as const } };
		});
	return [...programs, ...maps];
}

function attachableProgram(object: PackageObject, program: ProgramFacts, nameOf: NameOf): Attachable[] {
	const { name } = program;
	const settings = object.settings.programs?.[name];
	const point = hookOf(program, settings);
	if ("none" in point) return [];
	return [
		{ kind: "program", name, caseName: nameOf(name), target: { ...settings?.attach, hook: point.hook } },
	];
}
