// SPDX-License-Identifier: Apache-2.0
import type { Package, PackageObject } from "../../data/package/package.js";
import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { wantedPrograms } from "../../data/package/told.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { hookOf } from "../../lab/subject/attach/hook.js";
import type { SharedHook } from "./hooks.js";

/** A program of a package at a hook that others can take. */
export interface WatchedProgram {
	object: PackageObject;
	name: string;
	/** In cases: with its object where two have the same name. */
	caseName: string;
	hook: SharedHook;
}

export function watchedPrograms(pkg: Package): WatchedProgram[] {
	const nameOf = caseNames(pkg);
	return pkg.objects.flatMap((object) =>
		wantedPrograms(object).flatMap((program) => {
			const point = hookOf(program, object.settings.programs?.[program.name], object.binaries);
			if ("none" in point) return [];
			const hook = sharedHook(point.hook, program.meaning?.attachType);
			if (!hook) return [];
			return [{ object, name: program.name, caseName: nameOf(object, program.name), hook }];
		}),
	);
}

/** @param attachType of the program's section, which decides among cgroup hooks */
function sharedHook(hook: string, attachType: string | undefined): SharedHook | undefined {
	if (hook in chainHooks) return hook as ChainHook;
	if (hook !== "cgroup") return undefined;
	const [name] = Object.entries(chainHooks).find(
		([, facts]: [string, { attachType?: string }]) => facts.attachType === attachType,
	) ?? [undefined];
	return name as ChainHook | undefined;
}
