// SPDX-License-Identifier: Apache-2.0
import { BpfAttr } from "../../../machine/guest/bpf-attr.js";
import { bpf } from "../../../machine/guest/bpf-call.js";
import { onDevice } from "../../chain/hook-device.js";
import { constantStandIn, loadOwn, writeOwn } from "../../chain/stand-in.js";
import type { Stage } from "../stage.js";
import type { Technique } from "../technique.js";
import { passedXdp } from "../traffic.js";
import { dropping } from "../verdicts.js";

const passed = ({ guest, device, traffic }: Stage) => passedXdp(guest, onDevice(device!), traffic);

export const functionTechniques: readonly Technique[] = [
	{
		name: "function-replaced",
		group: "way",
		summary:
			"replaces the program's main function by an extension (freplace): same id, tag and link, other code",
		needs: "root",
		kinds: ["xdp"],
		betrayedBy: ["bpf", "poll"],
		advice: "watch for links of extensions (BPF_PROG_TYPE_EXT) whose target is the program",
		async carryOut(stage) {
			const { guest, program } = stage;
			const call = "BPF_RAW_TRACEPOINT_OPEN of an extension";
			const before = await passed(stage);
			if (before === 0) return { call, errno: 0, lack: "the program lets no packet pass" };
			const own = constantStandIn("xdp");
			await writeOwn(guest, own.object);
			const target = { object: program.handle, program: program.program, extends: true };
			const { errno, held } = await loadOwn(guest, own, [dropping], target);
			if (errno !== 0) return { call: "BPF_PROG_LOAD of an extension", errno };
			const opened = await bpf(guest.client, "raw_tracepoint_open", new BpfAttr(16).fd(8, held));
			const effect = async () => {
				const after = await passed(stage);
				return { took: after === 0, shown: `${after} of ${before} packets passed the program` };
			};
			return { call, errno: opened.errno, effect };
		},
	},
];
