// SPDX-License-Identifier: Apache-2.0

import { chainHooks } from "../../../data/package/sections/chain-hooks.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { ChainPrograms } from "../chain-programs.js";
import type { AttachPoint, Mechanism } from "../mechanism.js";
import { chainPackets } from "../model/chain-packets.js";
import type { DeclaredChain, DeclaredMember } from "../model/declared-chain.js";
import type { SlotType } from "../order-recorder.js";
import { PacketTraffic } from "../packet-traffic.js";
import type { OwnProgram } from "../stand-in.js";
import { rootHook, rootLack } from "./root-hook.js";
import { TailCallChain } from "./tail-call-chain.js";
import { Slots, slotType } from "./tail-call-slots.js";
import { sampleInWindows } from "./tail-call-windows.js";

/** The root's number in the recorder; entries count from 1. */
const rootNumber = 0;

/** github.com/l3af-project/l3afd; kernel/bpf/arraymap.c (prog_array), core.c (JMP_TAIL_CALL). */
export const tailCall: Mechanism = {
	name: "tail_call",
	lack: ({ hook }, bench) => rootLack(hook, bench),
	open,
	remaining: (entries, { member: { priority } }) =>
		entries.filter(({ member }) => member.priority < priority),
};

async function open(chain: DeclaredChain, guest: Guest): Promise<AttachPoint> {
	const { root } = chain;
	if (!root) throw new Error(`the chain ${chain.name} has no root program`);
	const hook = await rootHook(chain.hook, guest);
	const type = slotType(root.program);
	const kind = chainHooks[chain.hook].programType === "xdp" ? "xdp" : "skb";
	const programs = await ChainPrograms.open(chain, guest, { recorded: false, standIn: standIn(type) });
	const sent = { counted: false, root: rootNumber };
	const traffic = new PacketTraffic(programs, hook.device.sender, chainPackets(chain), sent);
	let slots: Slots | undefined;
	let attached: TailCallChain | undefined;
	return {
		traffic: {
			sample: () => (attached ? sampleInWindows(traffic, attached) : traffic.sample()),
			flow: (...flow) => traffic.flow(...flow),
		},
		async attach(entries, order) {
			const { held } = await programs.other(root.object, root.program.name);
			if (!slots) {
				slots = await Slots.open(programs, held, type);
				const target = { object: held.handle, program: held.program };
				await programs.recorder.member(rootNumber, target, kind);
			}
			const array = { handle: held.handle, map: root.map };
			const context = { programs, slots, root: array, attachRoot: () => hook.attach(held) };
			attached = await TailCallChain.attach(context, entries, order);
			return attached;
		},
		async close() {
			await slots?.close();
			await traffic.close();
			await programs.close();
			await hook.device.close();
		},
	};
}

/** Calls the next member where the replaced member's configuration says that it would. */
function standIn(type: SlotType): OwnProgram {
	const goesOn = (verdict: number, { proceed }: DeclaredMember) => proceed?.has(verdict >>> 0) ?? false;
	return {
		...{ object: "tail-call-stand-in", program: `stand_in_${type.replace(/[./]/, "_")}` },
		settings: (verdict, member) => [verdict, Number(goesOn(verdict, member))],
	};
}
