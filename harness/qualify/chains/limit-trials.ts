// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { arrivedRuns, untilQuiet } from "../../checks/chain/arrival.js";
import { DispatcherReader } from "../../checks/chain/dispatcher/dispatcher-reader.js";
import { toClsact } from "../../checks/chain/hook-attachment.js";
import { type HookDevice, hookDevice, netkitDevice, onDevice } from "../../checks/chain/hook-device.js";
import { attachFlags, HookList, slotUpdate } from "../../checks/chain/hook-list.js";
import { cgroupHook } from "../../checks/chain/mechanisms/cgroup.js";
import { CgroupTree } from "../../checks/chain/mechanisms/cgroup-tree.js";
import { openOwnDispatcher } from "../../checks/chain/mechanisms/dispatcher.js";
import { rootHook } from "../../checks/chain/mechanisms/root-hook.js";
import { commonPackets } from "../../checks/chain/model/chain-packets.js";
import { byPacket, OrderRecorder } from "../../checks/chain/order-recorder.js";
import { type CgroupHook, socketCalls } from "../../checks/chain/socket-calls.js";
import { constantStandIn, loadOwn, ownPath, writeOwn } from "../../checks/chain/stand-in.js";
import { mechanismFacts } from "../../data/package/sections/chain-hooks.js";
import { constantProgram, countRuns, runCount } from "../../machine/guest/bpf-objects.js";
import type { Guest } from "../../machine/vm/guest.js";
import { attachAtOnce, type LimitTrial } from "./max-members.js";

const TCX_NEXT = -1;
const TC_ACT_UNSPEC = -1;
const [packet] = commonPackets();

/** Links in a list of tcx or netkit. */
export async function deviceListTrial(
	guest: Guest,
	hook: "tcx_ingress" | "netkit_primary",
): Promise<LimitTrial> {
	const device =
		hook === "tcx_ingress" ? await hookDevice(guest, "ingress") : await netkitDevice(guest, "primary");
	const { ifindex: target, ...netns } = onDevice(device);
	const list = new HookList(guest, { attachType: hook, target, ...netns });
	return countedTrial(guest, {
		load: () => constantProgram(guest.client, "sched_cls", TCX_NEXT),
		async attach(handle, keep) {
			const { errno, link } = await list.createLink({ handle }, { flags: attachFlags.after });
			if (link !== undefined) keep(link);
			return errno;
		},
		send: () => sendTo(guest, device),
		close: () => device.close(),
	});
}

/** Programs of one cgroup, without links. */
export async function cgroupTrial(guest: Guest, hook: CgroupHook): Promise<LimitTrial> {
	const { programType, attachType } = cgroupHook(hook);
	const tree = await CgroupTree.open(guest, []);
	const list = new HookList(guest, { attachType, target: { handle: tree.at("").handle } });
	const steps = socketCalls(hook, guest.client.littleEndian).flatMap(({ calls }) => calls);
	return countedTrial(guest, {
		load: () => constantProgram(guest.client, programType, 1, attachType),
		attach: (handle) => list.attach({ handle }, { flags: attachFlags.multi }),
		send: async () =>
			void (await guest.client.call("socket_traffic", { cgroup: tree.process.path, wait_ms: 1000, steps })),
		detach: async (handle) => void (await list.detach({ handle })),
		close: () => tree.close(),
	});
}

interface CountedHook {
	load(): Promise<{ errno: number; handle?: number }>;
	/** @param keep holds a handle until the trial ends */
	attach(program: number, keep: (handle: number) => void): Promise<number>;
	/** Where no handle holds the attachment. */
	detach?(program: number): Promise<void>;
	send(): Promise<void>;
	close(): Promise<void>;
}

/** Programs whose runs the kernel counts. */
async function countedTrial({ client }: Guest, hook: CountedHook): Promise<LimitTrial> {
	const statistics = await countRuns(client);
	const handles: number[] = [statistics.handle];
	const attached: number[] = [];
	const counts = () => Promise.all(attached.map((handle) => runCount(client, { handle })));
	return {
		attach: (count) =>
			attachAtOnce(count, async () => {
				const { errno, handle } = await hook.load();
				if (handle === undefined)
					throw new Error(`the kernel refuses a program of two instructions: ${errnoName(errno)}`);
				handles.push(handle);
				const refusal = await hook.attach(handle, (kept) => handles.push(kept));
				if (refusal === 0) attached.push(handle);
				return refusal;
			}),
		async met() {
			const before = await counts();
			await hook.send();
			let met = 0;
			await untilQuiet(async () => {
				met = (await counts()).filter((count, index) => count > before[index]!).length;
				return { arrived: met, all: met === attached.length };
			});
			return met;
		},
		async close() {
			for (const handle of attached) await hook.detach?.(handle);
			for (const handle of handles.splice(0).reverse()) await client.call("close", { handle });
			await hook.close();
		},
	};
}

/** Filters of clsact, each with its own pref; all have the same program. */
export async function filterTrial(guest: Guest): Promise<LimitTrial> {
	const device = await hookDevice(guest, "ingress");
	const own = constantStandIn("tc_ingress");
	const path = await writeOwn(guest, own.object);
	const { held } = await loadOwn(guest, own, [TC_ACT_UNSPEC]);
	const attach = toClsact(guest, device, "ingress");
	const detach: (() => Promise<void>)[] = [];
	const recorder = await recorderOf(guest, held, "skb");
	return {
		attach: (count) =>
			attachAtOnce(count, async () => {
				const undo = await attach(held);
				if (!undo) throw new Error("the kernel has no filters of clsact");
				detach.push(undo);
				return 0;
			}),
		met: () => recorder.met(device),
		async close() {
			for (const undo of detach) await undo();
			await recorder.close();
			await guest.client.call("object_close", { object: held.handle });
			await guest.client.call("file_remove", { path });
			await device.close();
		},
	};
}

/** One program in each slot of libxdp's dispatcher. */
export async function dispatcherTrial(guest: Guest): Promise<LimitTrial> {
	const device = await hookDevice(guest, "ingress");
	const { libxdp, member, object, close } = await openOwnDispatcher(guest, onDevice(device));
	const reader = new DispatcherReader(guest, onDevice(device));
	const recorder = await recorderOf(guest, { handle: object, program: member.name }, "xdp");
	return {
		async attach(count) {
			const taken = (await reader.read())?.slots.length ?? 0;
			const members = Array.from({ length: count }, (_, index) => ({ ...member, runPrio: taken + index }));
			const { errno } = await libxdp.do({ do: "add", members });
			const now = (await reader.read())?.slots.length ?? 0;
			return members.map((_, index) => (taken + index < now ? 0 : errno));
		},
		met: () => recorder.met(device),
		async close() {
			await libxdp.clear();
			await recorder.close();
			await close();
			await device.close();
		},
	};
}

const limitObject = "tail-call-limit";
const runsMap = ".bss.runs";

/** A root and members of tail-call-limit.bpf.c, which count: recorders need tail calls too. */
export async function tailCallTrial(guest: Guest, hook: "xdp" | "tc_ingress"): Promise<LimitTrial> {
	const { client } = guest;
	const places = mechanismFacts.tail_call.maxMembers + 2;
	const root = await rootHook(hook, guest);
	const path = await writeOwn(guest, limitObject);
	const type = hook === "xdp" ? "xdp" : "tc";
	const names = Array.from({ length: places }, (_, place) => `${type}_${place}`);
	const programs = names.map((name) => ({ name, autoload: true }));
	const { object } = await client.call("object_open", { path: ownPath(limitObject), programs });
	const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
	if (loaded.errno !== 0)
		throw new Error(`the kernel refuses a chain of bpfgate's own: ${errnoName(loaded.errno)}`);
	const detach = await root.attach({ handle: object, program: names[0]! });
	let attached = 0;
	/** By place, the root's first; 32 bits each. */
	const counts = async () => {
		const { entries } = await client.call("map_dump", { object, map: runsMap });
		const { buffer, byteOffset, byteLength } = entries[0]!.value;
		const view = new DataView(buffer, byteOffset, byteLength);
		return names.map((_, place) => view.getUint32(place * 4, client.littleEndian));
	};
	return {
		attach: (count) =>
			attachAtOnce(count, async () => {
				const place = ++attached;
				const array = { handle: object, map: `next_${place - 1}` };
				const update = slotUpdate(guest, array, 0, { handle: object, program: names[place]! });
				return (await client.call("bpf", update)).errno;
			}),
		async met() {
			const before = await counts();
			await sendTo(guest, root.device);
			let ran: boolean[] = [];
			await untilQuiet(async () => {
				ran = (await counts()).map((count, place) => count > before[place]!);
				return { arrived: ran.filter(Boolean).length, all: ran[0]! };
			});
			return ran.slice(1).filter(Boolean).length;
		},
		async close() {
			await detach();
			await client.call("object_close", { object });
			await client.call("file_remove", { path });
			await root.device.close();
		},
	};
}

/** Counts how often one packet meets a program. */
async function recorderOf(
	guest: Guest,
	{ handle: object, program }: { handle: number; program: string },
	kind: "xdp" | "skb",
) {
	const recorder = await OrderRecorder.open(guest);
	await recorder.member(1, { object, program }, kind);
	return {
		async met(device: HookDevice): Promise<number> {
			await recorder.read();
			await sendTo(guest, device);
			const isAll = (runs: Parameters<typeof byPacket>[0]) => byPacket(runs).size > 0;
			const [met] = byPacket(await arrivedRuns(recorder, await recorder.read(), isAll)).values();
			return met?.length ?? 0;
		},
		close: () => recorder.close(),
	};
}

async function sendTo({ client }: Guest, { sender }: HookDevice): Promise<void> {
	await client.call("packet_send", { ...sender, frames: [packet!.frame] });
}
