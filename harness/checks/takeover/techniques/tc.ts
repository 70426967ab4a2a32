// SPDX-License-Identifier: Apache-2.0
import { EINVAL } from "../../../base/errno.js";
import { deleteClsact } from "../../../machine/guest/rtnetlink.js";
import { onDevice } from "../../chain/hook-device.js";
import { attachFlags, HookList } from "../../chain/hook-list.js";
import type { Technique } from "../technique.js";
import { passing } from "../verdicts.js";

/** The agent attaches the package's filter with the pref that the kernel chooses: 49152. */
const lowestPref = 1;

export const tcTechniques: readonly Technique[] = [
	{
		name: "tc-lower-pref",
		group: "hook",
		summary: "adds a tc filter with a lower pref, whose verdict ends the list",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "watch RTM_NEWTFILTER for filters with a lower pref, or use tcx where the kernel has it",
		intruder: () => ({ verdict: passing("tc") }),
		async carryOut(stage, intruder) {
			await stage.guest.client.call("attach", {
				...{ object: intruder.handle, program: intruder.program, hook: stage.hook, priority: lowestPref },
				...onDevice(stage.device!),
			});
			return { call: "RTM_NEWTFILTER", errno: 0 };
		},
	},
	{
		name: "tc-filter-replaced",
		group: "hook",
		summary: "puts another program into the filter with the same pref and handle",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "compare the filter's program id, not only its pref and handle",
		intruder: () => ({ verdict: passing("tc") }),
		async carryOut(stage, intruder) {
			await stage.guest.client.call("attach", {
				...{ object: intruder.handle, program: intruder.program, hook: stage.hook },
				...{ replaces: stage.filter!, ...onDevice(stage.device!) },
			});
			return { call: "RTM_NEWTFILTER with NLM_F_REPLACE", errno: 0 };
		},
	},
	{
		name: "tc-filter-removed",
		group: "hook",
		summary: "deletes the tc filter, as `tc filter del` does",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "watch RTM_DELTFILTER, or use a tcx link where the kernel has it",
		async carryOut(stage) {
			await stage.guest.client.call("detach", { link: stage.filter! });
			return { call: "RTM_DELTFILTER", errno: 0 };
		},
	},
	{
		name: "clsact-removed",
		group: "way",
		summary: "deletes the clsact qdisc with all filters, as `tc qdisc del dev … clsact` does",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "watch RTM_DELQDISC, or use a tcx link where the kernel has it",
		async carryOut(stage) {
			const errno = await deleteClsact(stage.guest.client, onDevice(stage.device!));
			return { call: "RTM_DELQDISC", errno };
		},
	},
	{
		name: "tcx-before-clsact",
		group: "hook",
		summary: "attaches a tcx program whose verdict keeps packets from clsact filters",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["bpf", "poll"],
		advice: "query the tcx list of the device too, or attach to tcx",
		intruder: () => ({ verdict: passing("tcx") }),
		async carryOut(stage, intruder) {
			const attachType = stage.hook === "tc_ingress" ? "tcx_ingress" : "tcx_egress";
			const list = new HookList(stage.guest, { attachType, ...stage.place() });
			const errno = await list.attach(intruder, { flags: attachFlags.before });
			const lack = errno === EINVAL ? { lack: "the kernel has no tcx" } : {};
			return { call: "BPF_PROG_ATTACH", errno, ...lack };
		},
	},
];
