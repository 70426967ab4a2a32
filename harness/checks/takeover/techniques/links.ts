// SPDX-License-Identifier: Apache-2.0

import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import { openById } from "../../../machine/guest/bpf-objects.js";
import { linkUpdate } from "../../chain/hook-list.js";
import type { HookKind } from "../hooks.js";
import type { Stage } from "../stage.js";
import type { Attempt, Technique } from "../technique.js";
import { passing } from "../verdicts.js";

export const linkKinds = [
	...["xdp", "tcx", "netkit", "cgroup"],
	...["kprobe", "tracepoint", "raw_tp", "tracing", "lsm", "perf_event"],
	...["netfilter", "sk_lookup", "flow_dissector"],
] as readonly HookKind[];

/** A link of another process, found by its id; that needs CAP_SYS_ADMIN. */
async function withLink(
	{ guest, link }: Stage,
	call: string,
	work: (handle: number) => Promise<number>,
): Promise<Attempt> {
	if (!link) return { call, errno: 0, lack: "the kernel has no link for it" };
	const handle = await openById(guest.client, "link", link.id);
	if (handle === undefined) throw new Error(`link ${link.id} is gone`);
	try {
		return { call, errno: await work(handle) };
	} finally {
		await guest.client.call("close", { handle });
	}
}

export const linkTechniques: readonly Technique[] = [
	{
		name: "link-program-replaced",
		group: "hook",
		summary: "opens the link by its id and puts another program into it; the link's id stays the same",
		needs: "root",
		kinds: linkKinds,
		holds: ["link", "pinned"],
		betrayedBy: ["bpf", "poll"],
		advice: "compare the program id inside the link, not only the link's id",
		intruder: (stage) => ({ verdict: passing(stage.kind) }),
		carryOut: (stage, intruder) =>
			withLink(stage, "BPF_LINK_UPDATE", async (handle) => {
				const request = linkUpdate(stage.guest, { handle }, intruder);
				return (await stage.guest.client.call("bpf", request)).errno;
			}),
	},
	{
		name: "link-force-detached",
		group: "hook",
		summary: "opens the link by its id and detaches it by command; its holder keeps a link to nothing",
		needs: "root",
		kinds: [...linkKinds, "struct_ops"],
		holds: ["link", "pinned"],
		betrayedBy: ["bpf", "poll"],
		advice: "read what the link is attached to: a detached one has no device or cgroup",
		carryOut: (stage) =>
			withLink(stage, "BPF_LINK_DETACH", async (handle) => {
				const attr = new BpfAttr(4).fd(0, { handle });
				return (await bpf(stage.guest.client, "link_detach", attr)).errno;
			}),
	},
	{
		name: "link-holder-gone",
		group: "way",
		summary: "ends the process that holds the link, which no pin keeps",
		needs: "root",
		kinds: [...linkKinds, "struct_ops"],
		holds: ["link"],
		betrayedBy: ["bpf", "poll"],
		advice: "pin the link, so that it outlives its process",
		carryOut: async (stage) => {
			await stage.release();
			return { call: "close", errno: 0 };
		},
	},
];
