// SPDX-License-Identifier: Apache-2.0
import { openById } from "../../../machine/guest/bpf-objects.js";
import type { Technique } from "../technique.js";
import { passing } from "../verdicts.js";

const NF_DROP = 0;

export const netnsTechniques: readonly Technique[] = [
	{
		name: "netfilter-before",
		group: "hook",
		summary: "attaches a netfilter program of a lower priority to the same hook, which drops the packets",
		needs: "root",
		kinds: ["netfilter"],
		betrayedBy: ["bpf", "poll"],
		advice: "list the netfilter links of the hook: the lowest priority is first",
		intruder: () => ({ verdict: NF_DROP }),
		async carryOut({ guest, at }, { handle: object, program }) {
			const priority = (at?.priority ?? 0) - 1;
			await guest.client.call("attach", { object, program, ...at!, priority });
			return { call: "BPF_LINK_CREATE", errno: 0 };
		},
	},
	{
		name: "dissector-replaced",
		group: "hook",
		summary:
			"attaches another flow dissector to the network namespace (BPF_PROG_ATTACH), which has one place",
		needs: "root",
		kinds: ["flow_dissector"],
		betrayedBy: ["bpf", "poll"],
		advice: "attach by a link: the kernel answers EEXIST then",
		intruder: (stage) => ({ verdict: passing(stage.kind) }),
		async carryOut(stage, intruder) {
			return { call: "BPF_PROG_ATTACH", errno: await stage.list().attach(intruder, {}) };
		},
	},
	{
		name: "dissector-detached",
		group: "hook",
		summary: "finds the flow dissector by its id and detaches it with BPF_PROG_DETACH",
		needs: "root",
		kinds: ["flow_dissector"],
		betrayedBy: ["bpf", "poll"],
		advice: "attach by a link: the kernel answers EINVAL then",
		async carryOut(stage) {
			const handle = await openById(stage.guest.client, "prog", stage.programId);
			if (handle === undefined) throw new Error(`program ${stage.programId} is gone`);
			return { call: "BPF_PROG_DETACH", errno: await stage.list().detach({ handle }) };
		},
	},
];
