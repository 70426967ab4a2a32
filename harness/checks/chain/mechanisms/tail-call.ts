// SPDX-License-Identifier: Apache-2.0

import { chainHooks } from "../../../data/package/sections/chain-hooks.js";
import type { Guest } from "../../../machine/vm/guest.js";
import type { Mechanism, Stage } from "../mechanism.js";
import type { DeclaredChain, DeclaredMember } from "../model/declared.js";
import { chainPackets } from "../model/packets.js";
import { PacketTraffic } from "../packet-traffic.js";
import { type OwnProgram, Parts } from "../parts.js";
import type { SlotType } from "../recorder.js";
import { meetNeighbours } from "./neighbours.js";
import { rootHook, rootLack } from "./root-hook.js";
import { TailCallChain } from "./tail-call-chain.js";
import { chainPromises } from "./tail-call-concerns.js";
import { tailCallLimit } from "./tail-call-limit.js";
import { Slots, slotType } from "./tail-call-slots.js";
import { mostRecorded, sampleInWindows } from "./tail-call-windows.js";

/** What the recorder calls the root; parts count from 1. */
const rootNumber = 0;

/**
 * L3AF: github.com/l3af-project/l3afd. Kernel: kernel/bpf/arraymap.c (prog_array),
 * kernel/bpf/core.c (JMP_TAIL_CALL).
 */
export const tailCall: Mechanism = {
	name: "tail_call",
	replacesAtomically: () => true,
	lack: ({ hook }, bench) => rootLack(hook, bench),
	open: openStage,
	survivors: (parts, lost) => parts.filter(({ member }) => member.priority < lost.member.priority),
};

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const { root } = chain;
	if (!root) throw new Error(`the chain ${chain.name} has no root program`);
	const hook = await rootHook(chain.hook, guest);
	const type = slotType(root.program);
	const kind = chainHooks[chain.hook].programType === "xdp" ? "xdp" : "skb";
	const parts = await Parts.open(chain, guest, { recorded: false, standIn: standIn(type) });
	const packets = chainPackets(chain);
	const traffic = new PacketTraffic(parts, hook.device.sender, packets, { counted: false, root: rootNumber });
	let slots: Slots | undefined;
	let standing: TailCallChain | undefined;
	const build: Stage["build"] = async (order, attaching) => {
		const { held } = await parts.other(root.object, root.program.name);
		if (!slots) {
			slots = await Slots.open(parts, held, type);
			await parts.recorder.member(rootNumber, { object: held.handle, program: held.program }, kind);
		}
		const array = { handle: held.handle, map: root.map };
		const attach = () => hook.attach(held);
		standing = await TailCallChain.build({ parts, slots, root: array, attach }, order, attaching);
		return standing;
	};
	return {
		traffic: {
			sample: () => (standing ? sampleInWindows(traffic, standing) : traffic.sample()),
			flow: (count, during, rounds) => traffic.flow(count, during, rounds),
		},
		build,
		limit: () => tailCallLimit(guest, hook, kind === "xdp" ? "xdp" : "tc", packets[0]!.frame),
		// What is behind the chain is only met as it should be where the whole of it is recorded
		// and runs.
		neighbours: () =>
			meetNeighbours({ chain, parts, traffic }, hook.around, (members) =>
				build(members.slice(0, mostRecorded)),
			),
		promises: () => chainPromises(chain, guest),
		async close() {
			await slots?.close();
			await traffic.close();
			await parts.close();
			await hook.device.close();
		},
	};
}

/** In the place of a member: goes on where the member's configuration says that it would. */
function standIn(type: SlotType): OwnProgram {
	const goesOn = (verdict: number, { proceed }: DeclaredMember) => proceed?.has(verdict >>> 0) ?? false;
	return {
		...{ object: "tail-call-stand-in", program: `stand_in_${type.replace(/[./]/, "_")}` },
		settings: (verdict, member) => [verdict, Number(goesOn(verdict, member))],
	};
}
