// SPDX-License-Identifier: Apache-2.0

import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import { openById } from "../../../machine/guest/bpf-objects.js";
import { linkUpdate } from "../../chain/hook-list.js";
import type { Stage } from "../stage.js";
import type { Technique } from "../technique.js";
import { passing } from "../verdicts.js";

const linkKinds = ["xdp", "tcx", "netkit", "cgroup"] as const;

/** A link of another process, found by its id; that needs CAP_SYS_ADMIN. */
async function withLink<T>({ guest, link }: Stage, work: (handle: number) => Promise<T>): Promise<T> {
	const handle = await openById(guest.client, "link", link!.id);
	if (handle === undefined) throw new Error(`link ${link!.id} is gone`);
	try {
		return await work(handle);
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
			withLink(stage, async (handle) => {
				const request = linkUpdate(stage.guest, { handle }, intruder);
				const { errno } = await stage.guest.client.call("bpf", request);
				return { call: "BPF_LINK_UPDATE", errno };
			}),
	},
	{
		name: "link-force-detached",
		group: "hook",
		summary: "opens the link by its id and detaches it by command; its holder keeps a link to nothing",
		needs: "root",
		kinds: linkKinds,
		holds: ["link", "pinned"],
		betrayedBy: ["bpf", "poll"],
		advice: "read what the link is attached to: a detached one has no device or cgroup",
		carryOut: (stage) =>
			withLink(stage, async (handle) => {
				const attr = new BpfAttr(4).fd(0, { handle });
				const { errno } = await bpf(stage.guest.client, "link_detach", attr);
				return { call: "BPF_LINK_DETACH", errno };
			}),
	},
	{
		name: "link-holder-gone",
		group: "way",
		summary: "ends the process that holds the link, which no pin keeps",
		needs: "root",
		kinds: linkKinds,
		holds: ["link"],
		betrayedBy: ["bpf", "poll"],
		advice: "pin the link, so that it outlives its process",
		carryOut: async (stage) => {
			await stage.release();
			return { call: "close", errno: 0 };
		},
	},
];
