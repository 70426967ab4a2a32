// SPDX-License-Identifier: Apache-2.0

import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { HookDevice } from "../devices.js";
import { HookList, type ListHook } from "../hook-list.js";
import type { Stage } from "../mechanism.js";
import type { DeclaredChain } from "../model/declared.js";
import { chainPackets } from "../model/packets.js";
import { PacketTraffic } from "../packet-traffic.js";
import type { Part } from "../part.js";
import { Parts } from "../parts.js";
import { MprogChain, mprogLimit } from "./mprog.js";
import { meetNeighbours, type Neighbourhood } from "./neighbours.js";

/**
 * Where chains in a list of kernel/bpf/mprog.c are built.
 *
 * @param attachType of the list
 * @param around what else the packets pass
 */
export async function mprogStage(
	chain: DeclaredChain,
	guest: Guest,
	device: HookDevice,
	attachType: string,
	around: Neighbourhood,
): Promise<Stage> {
	const parts = await Parts.open(chain, guest, { recorded: true });
	const packets = chainPackets(chain);
	const traffic = new PacketTraffic(parts, device.sender, packets, { counted: true });
	const { ifindex, netns } = device;
	const hook: ListHook = { attachType, target: ifindex, ...(netns === undefined ? {} : { netns }) };
	const context = {
		...{ guest, parts, list: new HookList(guest, hook) },
		placeOf: ({ member }: Part) => chain.members.indexOf(member),
	};
	const { maxMembers } = mechanismFacts[chain.mechanism];
	return {
		traffic,
		build: (order, attaching) => MprogChain.build(context, order, attaching),
		limit: () => mprogLimit(guest, hook, device.sender, packets[0]!.frame, maxMembers),
		neighbours: () =>
			meetNeighbours({ chain, parts, traffic }, around, (members) => MprogChain.build(context, members)),
		async close() {
			await traffic.close();
			await parts.close();
			await device.close();
		},
	};
}
