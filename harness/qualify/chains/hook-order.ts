// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { arrivedRuns } from "../../checks/chain/arrival.js";
import { type AttachOne, byLink, toClsact, toXdp } from "../../checks/chain/hook-attachment.js";
import { type HookDevice, hookDevice, netkitDevice } from "../../checks/chain/hook-device.js";
import { attachFlags, HookList } from "../../checks/chain/hook-list.js";
import { cgroupHook } from "../../checks/chain/mechanisms/cgroup.js";
import { cgroupAbilities } from "../../checks/chain/mechanisms/cgroup-abilities.js";
import { CgroupTree } from "../../checks/chain/mechanisms/cgroup-tree.js";
import { commonPackets } from "../../checks/chain/model/chain-packets.js";
import { byPacket, OrderRecorder, type PacketKind } from "../../checks/chain/order-recorder.js";
import { socketCalls } from "../../checks/chain/socket-calls.js";
import { constantStandIn, loadOwn, writeOwn } from "../../checks/chain/stand-in.js";
import type { ChainHook } from "../../data/package/sections/chain-hooks.js";
import type { Workbench } from "../../lab/check.js";
import type { KernelPromise } from "../../lab/promise.js";
import type { Guest } from "../../machine/vm/guest.js";

const XDP_PASS = 2;
/** TCX_NEXT, TC_ACT_UNSPEC, NETKIT_NEXT. */
const NEXT = -1;
const TCX_PASS = 0;
/** TC_ACT_RECLASSIFY, which tcx does not know. */
const UNKNOWN = 1;

/** A list of programs that a packet passes. */
interface PacketList {
	name: string;
	/** Hook of its programs. */
	hook: ChainHook;
	verdict: number;
	attach: AttachOne;
}

interface PacketPath {
	name: string;
	promise: string;
	/** What the path needs at all, in the words of `kernels.requires`. */
	needs?: string;
	/** Where the packet passes, and the lists in their order. */
	open(guest: Guest): Promise<{ device: HookDevice; lists: PacketList[] }>;
	/** Names of lists that the packet must not meet. */
	hidden?: readonly string[];
}

const xdpList = (guest: Guest, device: HookDevice): PacketList => ({
	...{ name: "xdp", hook: "xdp", verdict: XDP_PASS },
	attach: toXdp(guest, device),
});
const tcxList = (
	guest: Guest,
	device: { ifindex: number; netns?: number },
	direction: "ingress" | "egress",
	verdict = NEXT,
): PacketList => ({
	...{ name: "tcx", hook: `tcx_${direction}`, verdict },
	attach: byLink(guest, device, `tcx_${direction}`),
});
const clsactList = (guest: Guest, device: HookDevice, direction: "ingress" | "egress"): PacketList => ({
	...{ name: "clsact", hook: `tc_${direction}`, verdict: NEXT },
	attach: toClsact(guest, device, direction),
});

const ingress =
	(verdict: number): PacketPath["open"] =>
	async (guest) => {
		const device = await hookDevice(guest, "ingress");
		const [tcx, clsact] = [tcxList(guest, device, "ingress", verdict), clsactList(guest, device, "ingress")];
		return { device, lists: verdict === NEXT ? [xdpList(guest, device), tcx, clsact] : [tcx, clsact] };
	};
const netkit =
	(end: "primary" | "peer"): PacketPath["open"] =>
	async (guest) => {
		const device = await netkitDevice(guest, end);
		const hook = `netkit_${end}` as const;
		const own = { name: "netkit", hook, verdict: NEXT, attach: byLink(guest, device, hook) };
		return { device, lists: [tcxList(guest, device.sender, "egress"), own] };
	};

/** Kernel: net/core/dev.c (`__netif_receive_skb_core`), include/net/tcx.h, drivers/net/netkit.c. */
export const packetPaths: readonly PacketPath[] = [
	{
		name: "ingress",
		promise: "a received packet meets XDP, then tcx, then the filters of clsact",
		open: ingress(NEXT),
	},
	{
		name: "egress",
		promise: "a sent packet meets tcx, then the filters of clsact",
		async open(guest) {
			const device = await hookDevice(guest, "egress");
			return { device, lists: [tcxList(guest, device, "egress"), clsactList(guest, device, "egress")] };
		},
	},
	{
		name: "netkit-primary",
		promise: "a packet sent out of a netkit primary meets tcx, then the primary's list",
		...{ needs: "attach_type:netkit_primary", open: netkit("primary") },
	},
	{
		name: "netkit-peer",
		promise: "a packet sent out of a netkit peer meets tcx, then the peer's list",
		...{ needs: "attach_type:netkit_peer", open: netkit("peer") },
	},
	{
		name: "after-tcx-pass",
		promise: "a packet that tcx let pass with TCX_PASS does not meet the filters of clsact",
		...{ open: ingress(TCX_PASS), hidden: ["clsact"] },
	},
	{
		name: "after-unknown-tcx-verdict",
		promise: "a packet for which tcx returned an unknown verdict meets the filters of clsact",
		open: ingress(UNKNOWN),
	},
];

const belowAndAbove = {
	name: "cgroup",
	promise: "a call meets the programs of its own cgroup first and those of the cgroups above after them",
	expected: "below, own, above",
};
const preordered = {
	name: "cgroup-preorder",
	promise: "BPF_F_PREORDER runs a program before those of the cgroups below",
	expected: "above with BPF_F_PREORDER, below, own, above",
};

export const hookOrderNames = [...packetPaths, belowAndAbove, preordered].map(
	({ name }) => `hook-order/${name}`,
);

/** In which order one packet meets programs of different lists, and one call cgroups'. */
export async function* hookOrder(bench: Workbench): AsyncIterable<KernelPromise> {
	for (const path of packetPaths) {
		const lack = path.needs === undefined ? undefined : await bench.lack(path.needs);
		yield lack ? lacking(path, lack.message) : await packetOrder(await bench.guest(), path);
	}
	yield* cgroupOrder(await bench.guest());
}

function answer({ name, promise }: { name: string; promise: string }, expected: string, seen: string) {
	return { name: `hook-order/${name}`, promise, expected, seen, kept: seen === expected, evidence: {} };
}

function lacking({ name, promise }: { name: string; promise: string }, lack: string): KernelPromise {
	return { name: `hook-order/${name}`, promise, expected: "", seen: "not tried", lack, evidence: {} };
}

/** In which order a packet meets the lists of its path. */
export async function packetOrder(guest: Guest, path: PacketPath): Promise<KernelPromise> {
	const { device, lists } = await path.open(guest);
	const programs = await RecordedPrograms.open(guest);
	const detach: (() => Promise<void>)[] = [];
	const names: string[] = [];
	try {
		for (const { name, hook, verdict, attach } of lists) {
			const undo = await attach(await programs.load(name, hook, verdict, hook === "xdp" ? "xdp" : "skb"));
			if (!undo) continue;
			detach.push(undo);
			names.push(name);
		}
		if (names.length < 2 || (path.hidden && names.length < lists.length))
			return lacking(path, `of these hooks, the kernel has only ${names.join(" and ") || "none"}`);
		const expected = names.filter((name) => !path.hidden?.includes(name)).join(", ");
		return answer(path, expected, await programs.metByPacket(device));
	} finally {
		for (const undo of detach.reverse()) await undo();
		await programs.close();
		await device.close();
	}
}

async function* cgroupOrder(guest: Guest): AsyncIterable<KernelPromise> {
	const { hook, programType, attachType } = cgroupHook("cgroup_connect4");
	const can = await cgroupAbilities(guest, programType, attachType);
	const tree = await CgroupTree.open(guest, []);
	const programs = await RecordedPrograms.open(guest);
	const detach: (() => Promise<unknown>)[] = [];
	const attach = async (name: string, { handle }: { handle: number }, flags = 0) => {
		const list = new HookList(guest, { attachType, target: { handle } });
		const held = await programs.load(name, hook, 1, "none");
		const errno = await list.attach(held, { flags: attachFlags.multi | flags });
		if (errno !== 0) throw new Error(`BPF_PROG_ATTACH of bpfgate's own program: ${errnoName(errno)}`);
		detach.push(() => list.detach(held));
	};
	const [calls] = socketCalls(hook, guest.client.littleEndian);
	const met = () =>
		programs.met(() =>
			guest.client.call("socket_traffic", {
				...{ cgroup: tree.process.path, wait_ms: 1000, steps: calls!.calls },
			}),
		);
	try {
		await attach("above", tree.above);
		await attach("below", tree.process);
		await attach("own", tree.at(""));
		yield answer(belowAndAbove, belowAndAbove.expected, await met());
		if (!can.preorder) {
			yield lacking(preordered, "the kernel does not support BPF_F_PREORDER");
			return;
		}
		await attach("above with BPF_F_PREORDER", tree.above, attachFlags.preorder);
		yield answer(preordered, preordered.expected, await met());
	} finally {
		for (const undo of detach) await undo();
		await programs.close();
		await tree.close();
	}
}

/** Programs of bpfgate's own that are recorded under their names. */
class RecordedPrograms {
	readonly #names: string[] = [];
	readonly #objects: number[] = [];

	private constructor(
		private readonly guest: Guest,
		private readonly recorder: OrderRecorder,
		private readonly path: string,
	) {}

	static async open(guest: Guest): Promise<RecordedPrograms> {
		const path = await writeOwn(guest, constantStandIn("xdp").object);
		return new RecordedPrograms(guest, await OrderRecorder.open(guest), path);
	}

	async load(name: string, hook: ChainHook, verdict: number, kind: PacketKind) {
		const { errno, held } = await loadOwn(this.guest, constantStandIn(hook), [verdict]);
		if (errno !== 0) throw new Error(`the kernel refuses bpfgate's own program for ${hook}`);
		this.#objects.push(held.handle);
		const number = this.#names.push(name) - 1;
		await this.recorder.member(number, { object: held.handle, program: held.program }, kind);
		return held;
	}

	/** Names of the programs that one packet meets, in order. */
	async metByPacket({ sender }: HookDevice): Promise<string> {
		await this.recorder.read();
		const frames = commonPackets()
			.slice(0, 1)
			.map(({ frame }) => frame);
		await this.guest.client.call("packet_send", { ...sender, frames });
		const isAll = (runs: Parameters<typeof byPacket>[0]) =>
			(byPacket(runs).get(0)?.length ?? 0) === this.#names.length;
		const runs = await arrivedRuns(this.recorder, await this.recorder.read(), isAll);
		return this.#said((byPacket(runs).get(0) ?? []).map(({ member }) => member));
	}

	/** Names of the programs that run during an action, in order. */
	async met(action: () => Promise<unknown>): Promise<string> {
		await this.recorder.read();
		await action();
		return this.#said((await this.recorder.read()).map(({ member }) => member));
	}

	async close(): Promise<void> {
		const { client } = this.guest;
		await this.recorder.close();
		for (const object of this.#objects) await client.call("object_close", { object });
		await client.call("file_remove", { path: this.path });
	}

	#said(numbers: readonly number[]): string {
		return numbers.length === 0 ? "nothing" : numbers.map((number) => this.#names[number]).join(", ");
	}
}
