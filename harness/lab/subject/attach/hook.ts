// SPDX-License-Identifier: Apache-2.0

import type { SectionMeaning } from "../../../data/package/elf/section.js";
import type { AttachTarget } from "../../../data/package/manifest/attach-target.js";
import { neededKey } from "../../../data/package/manifest/check-iterator.js";
import type { ProgramSettings } from "../../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../../data/package/object.js";
import type { GuestFile } from "../../../data/package/package.js";
import { attachesToBinary, shippedBinary, userTarget } from "./user-target.js";

/**
 * Why the load check does not attach a program. `nature`: nothing of its own to attach to;
 * `manifest`: its author wants it so; `guest`: it has an attach point that the guest cannot offer.
 */
export interface Unattached {
	none: string;
	by: "nature" | "manifest" | "guest";
	hint?: string;
}

/** Hooks that the agent makes for a program: its own loader would. */
type MadeHook =
	| "socket"
	| "reuseport"
	| "sockmap"
	| "devmap"
	| "cpumap"
	| "perf_event"
	| "route"
	| "action"
	| "iterator";

/** A hook of the manifest, or one that the agent makes. */
export type HookName = AttachTarget["hook"] | MadeHook;

/** Where a program is attached, or why the load check does not attach it. */
export type Hook = { hook: Exclude<HookName, "none"> } | Unattached;

const given = (none: string, hint?: string): Unattached => ({
	none,
	by: "guest",
	...(hint === undefined ? {} : { hint }),
});

const unattached: Partial<Record<SectionMeaning["attachesTo"], Unattached>> = {
	device: given("it is attached to a device that the guest does not have"),
	nothing: { none: "its loader runs it and attaches it to nothing", by: "nature" },
};

const mapHooks: Partial<Record<string, MadeHook>> = { xdp_devmap: "devmap", xdp_cpumap: "cpumap" };

/**
 * Derives the hook from the manifest, or from the ELF section where the manifest is silent.
 * @param binaries files of the package that guests have
 */
export function hookOf(
	program: ProgramFacts,
	settings: ProgramSettings | undefined,
	binaries: readonly GuestFile[] = [],
): Hook {
	const declared = settings?.attach;
	if (declared?.hook === "none") return { none: "the manifest says so", by: "manifest" };
	const isAuto = (declared?.hook ?? "auto") === "auto";
	if (isAuto && program.meaning && attachesToBinary(program.meaning))
		return userHook(program.meaning, declared, binaries);
	const { meaning } = program;
	if (isAuto && meaning?.attachesTo === "iterator") return iteratorHook(meaning, declared);
	if (declared) return { hook: declared.hook };
	if (!meaning) return { none: "its section names no attach point", by: "nature" };
	const reason = unattached[meaning.attachesTo];
	if (reason) return reason;
	switch (meaning.attachesTo) {
		case "socket":
			return { hook: meaning.type === "sk_reuseport" ? "reuseport" : "socket" };
		case "map":
			return { hook: mapHooks[meaning.attachType ?? ""] ?? "sockmap" };
		case "route":
			return { hook: "route" };
		case "perf_event":
			return { hook: "perf_event" };
		case "netdev":
			return netdevHook(program.section, meaning);
		case "cgroup":
			return { hook: "cgroup" };
		case "netns":
			return { hook: "netns" };
		case "netfilter":
			return { hook: "netfilter" };
		case "struct_ops":
			return { none: "it is attached with its struct_ops map", by: "nature" };
		case "program":
			return settings?.target?.program
				? { hook: "auto" }
				: given("its manifest names no program to replace", "name the program in target of the manifest");
		default:
			return meaning.target || settings?.target
				? { hook: "auto" }
				: given(
						"its section and its manifest name no function to attach to",
						"name the function in attach.symbol, or the tracepoint in attach.tracepoint, of the manifest",
					);
	}
}

/** Some iterators the kernel only makes when it is told over what. */
function iteratorHook(meaning: SectionMeaning, declared: AttachTarget | undefined): Hook {
	const needed = neededKey(meaning);
	if (needed === undefined || declared?.[needed] !== undefined) return { hook: "iterator" };
	const example = needed === "map" ? '"map": "<name>"' : '"order": "descendants_pre"';
	return needed === "map"
		? given(
				"it iterates over one map, and its manifest does not name which",
				`name a map of the object in attach.map of the manifest: "attach": { "hook": "auto", ${example} }`,
			)
		: given(
				"it iterates over cgroups, and its manifest does not say in which order",
				`set attach.order in the manifest, and attach.cgroup where to begin: "attach": { "hook": "auto", ${example} }`,
			);
}

/** Of binaries a guest has those of the package, and bpfgate's own agent, which is no target. */
function userHook(
	meaning: SectionMeaning,
	declared: AttachTarget | undefined,
	binaries: readonly GuestFile[],
): Hook {
	const what = meaning.attachesTo === "user_tracepoint" ? "USDT probe" : "function";
	const target = userTarget(meaning, declared);
	if (!target) {
		const key = meaning.attachesTo === "user_tracepoint" ? "probe" : "symbol";
		return given(
			`its section and its manifest do not name a binary and a ${what} of it`,
			`name them in attach.binary and attach.${key} of the manifest, and the binary in guest.files`,
		);
	}
	if (shippedBinary(target.binary, binaries)) return { hook: "auto" };
	const folder = /\.so(?:\.|$)/.test(target.binary) ? "/usr/lib" : "/usr/bin";
	const path = target.binary.includes("/") ? target.binary : `${folder}/${target.binary}`;
	const own = /^\/(?:init$|proc\/)/.test(path);
	const add = `add the binary to guest.files of the manifest, with "to": "${path}"`;
	const choose = "name a binary of the package in attach.binary and guest.files of the manifest";
	return given(
		own ? `${path} is bpfgate's own` : `${target.binary} is not in the guest`,
		`${own || !path.startsWith("/") ? choose : add}, or test the attachment on a machine that has ${path} with the ${what}`,
	);
}

/** `tc/…` works on every kernel through clsact; only `tcx/…` needs tcx. */
function netdevHook(section: string, { type, attachType }: SectionMeaning): Hook {
	if (type === "xdp") return { hook: "xdp" };
	if (type === "sched_act") return { hook: "action" };
	const name = section.replace(/^\?/, "");
	if (name.startsWith("tcx/")) return { hook: attachType === "tcx_egress" ? "tcx_egress" : "tcx_ingress" };
	if (name.startsWith("netkit/")) {
		return { hook: attachType === "netkit_peer" ? "netkit_peer" : "netkit_primary" };
	}
	return { hook: attachType === "tcx_egress" ? "tc_egress" : "tc_ingress" };
}
