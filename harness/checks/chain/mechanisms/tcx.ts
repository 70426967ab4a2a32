// SPDX-License-Identifier: Apache-2.0
import type { DeclaredChain } from "../../../chain/declared.js";
import { chainPackets } from "../../../chain/packets.js";
import { mechanismFacts } from "../../../package/chain-hooks.js";
import type { Guest } from "../../../vm/guest.js";
import { type HookDevice, hookDevice } from "../devices.js";
import { HookList, type ListHook } from "../hook-list.js";
import type { Mechanism, Neighbours, Part, Stage } from "../mechanism.js";
import { PacketTraffic } from "../packet-traffic.js";
import { Parts } from "../parts.js";
import { MprogChain, mprogLimit } from "./mprog.js";

const TCX_NEXT = -1;

/** Kernel: net/core/dev.c (tcx_run), kernel/bpf/tcx.c; since 6.6. */
export const tcx: Mechanism = {
	name: "tcx",
	replacesAtomically: true,
	lack: (chain, bench) => bench.lack(`attach_type:tcx_${directionOf(chain)}`),
	open: openStage,
	survivors: (parts, lost) => parts.filter((part) => part !== lost),
};

function directionOf({ hook }: DeclaredChain): "ingress" | "egress" {
	return hook.endsWith("egress") ? "egress" : "ingress";
}

async function openStage(chain: DeclaredChain, guest: Guest): Promise<Stage> {
	const direction = directionOf(chain);
	const device = await hookDevice(guest, direction);
	const parts = await Parts.open(chain, guest, { recorded: true });
	const packets = chainPackets(chain);
	const traffic = new PacketTraffic(parts, device.sender, packets, { counted: true });
	const { ifindex, netns } = device;
	const hook: ListHook = {
		attachType: `tcx_${direction}`,
		target: ifindex,
		...(netns === undefined ? {} : { netns }),
	};
	const context = {
		...{ guest, parts, list: new HookList(guest, hook) },
		placeOf: ({ member }: Part) => chain.members.indexOf(member),
	};
	return {
		traffic,
		build: (order, attaching) => MprogChain.build(context, order, attaching),
		limit: () => mprogLimit(guest, hook, device.sender, packets[0]!.frame, mechanismFacts.tcx.maxMembers),
		neighbours: () => beforeClsact({ chain, guest, parts, traffic, device, direction, context }),
		async close() {
			await traffic.close();
			await parts.close();
			await device.close();
		},
	};
}

interface Surroundings {
	chain: DeclaredChain;
	guest: Guest;
	parts: Parts;
	traffic: PacketTraffic;
	device: HookDevice;
	direction: "ingress" | "egress";
	context: Parameters<typeof MprogChain.build>[0];
}

/** A filter of clsact has its turn after the whole list, and only when the list's last word was NEXT. */
async function beforeClsact(around: Surroundings): Promise<Neighbours | undefined> {
	const { chain, guest, parts, traffic, device, direction, context } = around;
	const { client } = guest;
	for (const name of ["sch_ingress", "cls_bpf"]) {
		const { state } = await client.call("module_load", { name });
		if (state !== "live" && state !== "builtin") return undefined;
	}
	const members = chain.members.map((member): Part => ({ member, program: "first" }));
	const built = await MprogChain.build(context, members);
	const filter: Part = { member: chain.members[0]!, program: { verdict: TCX_NEXT } };
	const { held } = await parts.get(filter);
	const { link } = await client.call("attach", {
		...{ object: held.handle, program: held.program, hook: `tc_${direction}`, ifindex: device.ifindex },
		...(device.netns === undefined ? {} : { netns: device.netns }),
	});
	try {
		const words = (await traffic.sample()).map(({ what, met }) => {
			const ofList = met.filter(({ part }) => part.program === "first");
			const goesOn = ofList.every(({ verdict }) => verdict === TCX_NEXT);
			const names = ofList.map(({ part }) => part.member.label);
			const found = met.map(({ part }) => (part.program === "first" ? part.member.label : "clsact"));
			const expected = [...names, ...(goesOn ? ["clsact"] : [])];
			return { expected: `${what}: ${expected.join(", ")}`, found: `${what}: ${found.join(", ")}` };
		});
		return {
			promise: "tcx comes before the filters of clsact, which have their turn after TCX_NEXT alone",
			expected: words.map(({ expected }) => expected).join("; "),
			found: words.map(({ found }) => found).join("; "),
		};
	} finally {
		await client.call("detach", { link });
		await built.close();
	}
}
