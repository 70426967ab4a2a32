// SPDX-License-Identifier: Apache-2.0
import { ENOENT } from "../../../base/errno.js";
import { openById } from "../../../machine/guest/bpf-objects.js";
import { onDevice } from "../../chain/hook-device.js";
import type { Stage } from "../stage.js";
import type { Technique } from "../technique.js";
import { dropping, passing } from "../verdicts.js";

const generic = (stage: Stage) => ({ ...onDevice(stage.device!), mode: "generic" as const });

export const xdpTechniques: readonly Technique[] = [
	{
		name: "xdp-replaced",
		group: "hook",
		summary: "puts another XDP program on the device over rtnetlink, as `ip link set dev … xdp` does",
		needs: "root",
		kinds: ["xdp"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "attach by a link: the kernel answers EBUSY then",
		intruder: () => ({ verdict: passing("xdp") }),
		async carryOut(stage, intruder) {
			const { client } = stage.guest;
			const { errno } = await client.call("xdp_set", { ...generic(stage), program: intruder });
			return { call: "RTM_SETLINK with IFLA_XDP_FD", errno };
		},
	},
	{
		name: "xdp-removed",
		group: "hook",
		summary: "takes the XDP program off the device over rtnetlink, as `ip link set dev … xdp off` does",
		needs: "root",
		kinds: ["xdp"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "attach by a link: the kernel answers EBUSY then",
		async carryOut(stage) {
			const { errno } = await stage.guest.client.call("xdp_set", generic(stage));
			return { call: "RTM_SETLINK with IFLA_XDP_FD", errno };
		},
	},
	{
		name: "xdp-mode-changed",
		group: "hook",
		summary: "takes the XDP program off and attaches the same one in another mode",
		needs: "root",
		kinds: ["xdp"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "attach by a link, and compare the mode (IFLA_XDP_ATTACHED), not only the program id",
		async carryOut(stage) {
			const { client } = stage.guest;
			const call = "RTM_SETLINK with IFLA_XDP_FD";
			const { errno } = await client.call("xdp_set", generic(stage));
			if (errno !== 0) return { call, errno };
			const handle = await openById(client, "prog", stage.programId);
			if (handle === undefined) return { call: "BPF_PROG_GET_FD_BY_ID", errno: ENOENT };
			const at = onDevice(stage.device!);
			const again = await client.call("xdp_set", { ...at, mode: "native", program: { handle } });
			await client.call("close", { handle });
			if (stage.device!.kind === "lo" && again.errno !== 0)
				return { call, errno: again.errno, lack: "the guest has no device with native XDP" };
			return {
				call,
				errno: again.errno,
				effect: async () => {
					const { native } = await client.call("xdp_query", at);
					return { took: native === stage.programId, shown: `native XDP has program ${native}` };
				},
			};
		},
	},
	{
		name: "xdp-in-front",
		group: "hook",
		summary: "plants an XDP program on the same device, which drops packets before tc sees them",
		needs: "root",
		kinds: ["tc", "tcx"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "watch the XDP hook of the device too",
		intruder: () => ({ verdict: dropping, hook: "xdp" }),
		async carryOut(stage, intruder) {
			const { client } = stage.guest;
			const call = "RTM_SETLINK with IFLA_XDP_FD";
			if (stage.hook.endsWith("egress")) return { call, errno: 0, lack: "XDP sees no outgoing packets" };
			const { errno } = await client.call("xdp_set", { ...generic(stage), program: intruder });
			return { call, errno };
		},
	},
];
