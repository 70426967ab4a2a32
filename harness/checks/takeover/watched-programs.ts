// SPDX-License-Identifier: Apache-2.0
import type { SectionMeaning } from "../../data/package/elf/section.js";
import type { AttachTarget } from "../../data/package/manifest/attach-target.js";
import type { Package, PackageObject } from "../../data/package/package.js";
import { type ChainHook, chainHooks } from "../../data/package/sections/chain-hooks.js";
import { wantedPrograms } from "../../data/package/told.js";
import { caseNames } from "../../lab/subject/attach/case-names.js";
import { hookOf } from "../../lab/subject/attach/hook.js";
import type { TakenHook } from "./hooks.js";
import { type AttachArgs, type Point, points } from "./points.js";

/** A program of a package at a hook that others can take. */
export interface WatchedProgram {
	object: PackageObject;
	name: string;
	/** In cases: with its object where two have the same name. */
	caseName: string;
	hook: TakenHook;
	/** Of a point: how it is attached there. */
	at?: AttachArgs;
}

export function watchedPrograms(pkg: Package): WatchedProgram[] {
	const nameOf = caseNames(pkg);
	return pkg.objects.flatMap((object) =>
		wantedPrograms(object).flatMap((program) => {
			const settings = object.settings.programs?.[program.name];
			const point = hookOf(program, settings, object.binaries);
			if ("none" in point) return [];
			const found = placeOf(point.hook, program.meaning, settings?.attach);
			if (!found) return [];
			return [{ object, name: program.name, caseName: nameOf(object, program.name), ...found }];
		}),
	);
}

function placeOf(
	hook: string,
	meaning: SectionMeaning | undefined,
	declared: AttachTarget | undefined,
): Pick<WatchedProgram, "hook" | "at"> | undefined {
	const shared = sharedHook(hook, meaning?.attachType);
	if (shared) return { hook: shared };
	const point = meaning && pointOf(meaning);
	if (!point) return undefined;
	const { at }: { at: AttachArgs } = points[point];
	const { symbol, tracepoint, pf = at.pf, hooknum = at.hooknum, priority = at.priority } = declared ?? {};
	return {
		hook: point,
		at: {
			...{ hook: at.hook, ...(at.path === undefined ? {} : { path: at.path }) },
			...(symbol === undefined ? {} : { symbol }),
			...(tracepoint === undefined ? {} : { tracepoint }),
			...(pf === undefined || hooknum === undefined ? {} : { pf, hooknum, priority: priority ?? 0 }),
		},
	};
}

/** @param attachType of the program's section, which decides among cgroup hooks */
function sharedHook(hook: string, attachType: string | undefined): ChainHook | undefined {
	if (hook in chainHooks) return hook as ChainHook;
	if (hook !== "cgroup") return undefined;
	const [name] = Object.entries(chainHooks).find(
		([, facts]: [string, { attachType?: string }]) => facts.attachType === attachType,
	) ?? [undefined];
	return name as ChainHook | undefined;
}

/** Not of programs at functions of binaries: only their process meets these. */
function pointOf({ type, attachType, attachesTo }: SectionMeaning): Point | undefined {
	switch (type) {
		case "kprobe":
			return attachesTo.startsWith("user_") ? undefined : "kprobe";
		case "tracing":
			return attachesTo === "iterator" ? undefined : "tracing";
		case "lsm":
			return attachType === "lsm_mac" ? "lsm" : undefined;
		case "raw_tracepoint":
		case "raw_tracepoint_writable":
			return "raw_tp";
		case "socket_filter":
		case "tracepoint":
		case "perf_event":
		case "netfilter":
		case "sk_lookup":
		case "flow_dissector":
			return type;
	}
	return undefined;
}
