// SPDX-License-Identifier: Apache-2.0
import { createVeth, deleteDevice, moveDevice, setUp } from "../../../machine/guest/rtnetlink.js";
import { onDevice } from "../../chain/hook-device.js";
import type { Technique } from "../technique.js";
import { packetsFrom } from "../traffic.js";

const noVeth = "the guest has no veth";

export const deviceTechniques: readonly Technique[] = [
	{
		name: "device-moved",
		group: "way",
		summary: "moves the device into another network namespace, where it loses its clsact qdisc",
		needs: "root",
		kinds: ["tc"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "watch RTM_DELLINK, or use tcx, which moves with the device",
		async carryOut(stage) {
			const { client } = stage.guest;
			const call = "RTM_NEWLINK with IFLA_NET_NS_FD";
			if (!stage.device!.pair) return { call, errno: 0, lack: noVeth };
			const { netns } = await client.call("netns_add", {});
			// It keeps its index, which is free there.
			const moved = { ifindex: stage.device!.ifindex, netns };
			const errno =
				(await moveDevice(client, onDevice(stage.device!), netns)) || (await setUp(client, moved));
			if (stage.hook === "tc_egress") stage.traffic = packetsFrom(stage.guest, moved);
			return { call, errno };
		},
	},
	{
		name: "device-made-again",
		group: "way",
		summary: "deletes the device and creates one with the same name and index",
		needs: "root",
		kinds: ["xdp", "tc", "tcx"],
		betrayedBy: ["rtnetlink", "poll"],
		advice: "attach again on RTM_NEWLINK; name and index do not show that a device is the same",
		async carryOut(stage) {
			const { client } = stage.guest;
			const call = "RTM_DELLINK and RTM_NEWLINK";
			const { pair } = stage.device!;
			if (!pair) return { call, errno: 0, lack: noVeth };
			const outside = { ...pair.outside, name: "chain0" };
			const inside = { ...pair.inside, name: "chain1" };
			const errno = await deleteDevice(client, outside);
			return { call, errno: errno || (await createVeth(client, outside, inside)) };
		},
	},
];
