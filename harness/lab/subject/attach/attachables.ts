// SPDX-License-Identifier: Apache-2.0

import type { UnattachedProgram } from "../../../base/results.js";
import type { AttachTarget } from "../../../data/package/manifest/attach-target.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { Package, PackageObject } from "../../../data/package/package.js";
import { wantedPrograms } from "../load/open-args.js";
import { type HookName, hookOf, type Unattached } from "./hook.js";

/** Name in cases of a program or map of one object. */
export type NameOf = (name: string) => string;

/** As the manifest writes it, or a hook that the agent makes. */
export type Where = Omit<AttachTarget, "hook"> & { hook: HookName };

/** A program or struct_ops map to attach, and where. */
export interface Attachable {
	kind: "program" | "map";
	name: string;
	caseName: string;
	target: Where;
}

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
	const point = hookOf(program, settings, object.binaries);
	if ("none" in point) return [];
	return [
		{ kind: "program", name, caseName: nameOf(name), target: { ...settings?.attach, hook: point.hook } },
	];
}

/** A program that is loaded although the guest has nothing to attach it to. */
export interface Unattachable {
	name: string;
	caseName: string;
	section: string;
	why: Unattached;
}

/** Programs of an object that have an attach point which the guest cannot offer. */
export function unattachables(object: PackageObject, nameOf: NameOf): Unattachable[] {
	return wantedPrograms(object).flatMap(({ name, section, ...program }) => {
		const why = hookOf({ name, section, ...program }, object.settings.programs?.[name], object.binaries);
		return "none" in why && why.by === "guest" ? [{ name, caseName: nameOf(name), section, why }] : [];
	});
}

/** Programs of a package that are only loaded because the manifest says so. */
export function leftUnattached({ objects }: Pick<Package, "objects">): UnattachedProgram[] {
	return objects.flatMap((object) =>
		wantedPrograms(object).flatMap((program) => {
			const { name, section } = program;
			const why = hookOf(program, object.settings.programs?.[name]);
			if (!("none" in why) || why.by !== "manifest") return [];
			return [{ object: object.file, program: name, section }];
		}),
	);
}
