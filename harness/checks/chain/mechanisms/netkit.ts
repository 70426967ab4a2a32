// SPDX-License-Identifier: Apache-2.0

import type { Guest } from "../../../machine/vm/guest.js";
import { netkitDevice } from "../devices.js";
import type { Mechanism, Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { mprogStage } from "./mprog-stage.js";
import { tcxList } from "./other-lists.js";

/** Kernel: drivers/net/netkit.c, which is no module; since 6.7. */
export const netkit: Mechanism = {
	name: "netkit",
	replacesAtomically: () => true,
	lack: ({ hook }, bench) => bench.lack(`attach_type:${hook}`),
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const device = await netkitDevice(guest, chain.hook === "netkit_peer" ? "peer" : "primary");
	return mprogStage(chain, guest, device, chain.hook, {
		before: [tcxList(guest, device.sender, "egress")],
		after: [],
	});
}
