// SPDX-License-Identifier: Apache-2.0

import type { SectionMeaning } from "../../../data/package/elf/section.js";
import type { AttachTarget, ProgramSettings } from "../../../data/package/manifest/manifest.js";
import type { ProgramFacts } from "../../../data/package/object.js";

/** Where a program is attached, or why the load check does not attach it. */
export type Hook = { hook: Exclude<AttachTarget["hook"], "none"> } | { none: string };

const unattached: Partial<Record<SectionMeaning["attachesTo"], string>> = {
	socket: "it is attached to a socket by the process that owns it",
	map: "it runs from a map that a loader fills",
	route: "it is attached to a route",
	device: "it is attached to a device that the guest does not have",
	perf_event: "it is attached to a perf event that its loader opens",
	user_function: "it is attached to a user-space program, and the guest has none",
	user_tracepoint: "it is attached to a user-space program, and the guest has none",
	nothing: "its loader runs it and attaches it to nothing",
};

/** Derives the hook from the manifest, or from the ELF section where the manifest is silent. */
export function hookOf(program: ProgramFacts, settings: ProgramSettings | undefined): Hook {
	const declared = settings?.attach;
	if (declared?.hook === "none") return { none: "the manifest says so" };
	if (declared) return { hook: declared.hook };
	const { meaning } = program;
	if (!meaning) return { none: "its section names no attach point" };
	const reason = unattached[meaning.attachesTo];
	const binary = meaning.attachesTo.startsWith("user_")
		? /\/(\/[^:]+)/.exec(program.section)?.[1]
		: undefined;
	if (binary !== undefined)
		return {
			none: `${binary} is not in the guest, which has no user-space programs: test it where they are`,
		};
	if (reason) return { none: reason };
	switch (meaning.attachesTo) {
		case "netdev":
			return netdevHook(program.section, meaning);
		case "cgroup":
			return { hook: "cgroup" };
		case "netns":
			return { hook: "netns" };
		case "netfilter":
			return { hook: "netfilter" };
		case "struct_ops":
			return { none: "it is attached with its struct_ops map" };
		case "program":
			return settings?.target?.program
				? { hook: "auto" }
				: { none: "its manifest names no program to replace" };
		default:
			return meaning.target || settings?.target
				? { hook: "auto" }
				: { none: "its section and its manifest name no function to attach to" };
	}
}

/** `tc/…` works on every kernel through clsact; only `tcx/…` needs tcx. */
function netdevHook(section: string, { type, attachType }: SectionMeaning): Hook {
	if (type === "xdp") return { hook: "xdp" };
	if (type === "sched_act") return { none: "an action is attached within a filter" };
	const name = section.replace(/^\?/, "");
	if (name.startsWith("tcx/")) return { hook: attachType === "tcx_egress" ? "tcx_egress" : "tcx_ingress" };
	if (name.startsWith("netkit/")) {
		return { hook: attachType === "netkit_peer" ? "netkit_peer" : "netkit_primary" };
	}
	return { hook: attachType === "tcx_egress" ? "tc_egress" : "tc_ingress" };
}
