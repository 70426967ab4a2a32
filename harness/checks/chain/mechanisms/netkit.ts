// SPDX-License-Identifier: Apache-2.0

import { netkitDevice } from "../hook-device.js";
import { listOnDevice } from "../listed-chain.js";
import type { Mechanism } from "../mechanism.js";
import { mprogList } from "./tcx.js";

/** Kernel: drivers/net/netkit.c, which cannot be a module; since 6.7. */
export const netkit: Mechanism = {
	name: "netkit",
	lack: ({ hook }, bench) => bench.lack(`attach_type:${hook}`),
	async open(chain, guest) {
		const { hook } = chain;
		const device = await netkitDevice(guest, hook === "netkit_peer" ? "peer" : "primary");
		return listOnDevice(chain, guest, device, (programs) => mprogList(guest, device, hook, programs));
	},
};
