// SPDX-License-Identifier: Apache-2.0

import type { Guest } from "../../../machine/vm/guest.js";
import { directionOf, hookDevice } from "../devices.js";
import type { Mechanism, Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { mprogStage } from "./mprog-stage.js";
import { clsactList, xdpList } from "./other-lists.js";

/** Kernel: net/core/dev.c (tcx_run), kernel/bpf/tcx.c; since 6.6. */
export const tcx: Mechanism = {
	name: "tcx",
	replacesAtomically: () => true,
	lack: (chain, bench) => bench.lack(`attach_type:tcx_${directionOf(chain.hook)}`),
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const direction = directionOf(chain.hook);
	const device = await hookDevice(guest, direction);
	return mprogStage(chain, guest, device, `tcx_${direction}`, {
		before: direction === "ingress" ? [xdpList(guest, device)] : [],
		after: [clsactList(guest, device, direction)],
	});
}
