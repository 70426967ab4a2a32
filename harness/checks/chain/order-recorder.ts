// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../base/errno.js";
import { marker } from "../../data/packet/numbered.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import type { Held } from "../../machine/guest/bpf-attr.js";
import { bpfObject } from "../../machine/guest/bpf-object.js";
import type { GuestClient } from "../../machine/guest/client.js";
import type { Args } from "../../machine/guest/operations.js";
import type { Guest } from "../../machine/vm/guest.js";
import { slotUpdate } from "./hook-list.js";

export { marker };

/** Kind of a member's context, which says where its packet is; `none` has no packet. */
export type PacketKind = "none" | "xdp" | "skb";
const kinds: Record<PacketKind, number> = { none: 0, xdp: 1, skb: 2 };

/** Sections of programs that tail calls can reach; an array takes programs of one. */
export type SlotType =
	| "xdp"
	| "xdp.frags"
	| "tc"
	| "tcx/ingress"
	| "tcx/egress"
	| "netkit/primary"
	| "netkit/peer";

/** `slot_tcx_ingress` */
const slotProgram = (type: SlotType) => `slot_${type.replace(/[./]/, "_")}`;

/** A program of an object that the agent has loaded, or a handle and its function's name. */
export type Target = { object: number; program: string } | { handle: number; function: string };

/** One run of one member. */
export interface MemberRun {
	member: number;
	/** The packet's number; absent when it has none. */
	packet?: number;
	/** What the member returned (signed); absent for slots, which run before it. */
	retval?: number;
	/** The recording slot could not call the member: none there, or too many tail calls. */
	empty: boolean;
	/** CLOCK_MONOTONIC, in nanoseconds. */
	timeNs: bigint;
}

/** struct run of order-recorder.bpf.c */
const runBytes = 24;
const flag = { numbered: 1, returned: 2, empty: 4 };
const path = "/run/bpfgate-order-recorder.bpf.o";
const offsetsPath = "/run/bpfgate-packet-offsets.bpf.o";

/** The packet in programs' contexts: for order-recorder.bpf.c; `offsets` of packet-offsets. */
interface Offsets {
	xdp: { data: number; end: number };
	skb: { data: number; length: number; fragments: number };
}

/**
 * Records which members of a chain a packet meets, in their order, without changing them: by an
 * fexit program on each, or, for members that are entered by a tail call, where fexit does not
 * fire, by a program in the member's slot that calls it. All write into one ring buffer in the
 * order of execution; a member that calls another (freplace) returns after it.
 */
export class OrderRecorder {
	private readonly objects: number[] = [];
	private readonly links: number[] = [];
	private found: Promise<Offsets> | undefined;
	private readonly client: GuestClient;

	private constructor(
		private readonly guest: Pick<Guest, "client" | "kernel">,
		/** The object with the maps that the other objects share. */
		private readonly base: number,
	) {
		this.client = guest.client;
	}

	/**
	 * @param ringBytes of the ring buffer, a power of two; a run takes 32 bytes
	 * @throws UndecidedError `recorder-refused`, `not-built`
	 */
	static async open(guest: Pick<Guest, "client" | "kernel">, ringBytes = 1 << 20): Promise<OrderRecorder> {
		const { client, kernel } = guest;
		await client.call("file_write", { path, data: await bpfObject(kernel.arch, "order-recorder") });
		const maps = [{ name: "runs", max_entries: ringBytes }];
		const base = await load(client, { path, maps });
		await client.call("events_watch", { object: base, map: "runs" });
		return new OrderRecorder(guest, base);
	}

	/** Records each run of `target` after it. @throws UndecidedError `recorder-refused` */
	async member(member: number, target: Target, kind: PacketKind): Promise<void> {
		const aim =
			"handle" in target
				? { object: target.handle, function: target.function }
				: { object: target.object, program: target.program };
		const programs = [{ name: "after_member", autoload: true, target: aim }];
		const offsets = kind === "none" ? undefined : await this.offsets();
		const object = await load(this.client, { path, maps: this.maps(member, kind, offsets), programs });
		this.objects.push(object);
		const attached = { object, program: "after_member", hook: "auto" };
		this.links.push((await this.client.call("attach", attached)).link);
	}

	/**
	 * A program for the slot of `member`: records, then calls `program` by one of the 33 tail
	 * calls.
	 * @throws UndecidedError `recorder-refused`
	 */
	async slot(member: number, type: SlotType, program: Held): Promise<Held> {
		const name = slotProgram(type);
		const programs = [{ name, autoload: true }];
		const maps = this.maps(member, type.startsWith("xdp") ? "xdp" : "skb");
		const object = await load(this.client, { path, maps, programs });
		this.objects.push(object);
		const real = slotUpdate(this.guest, { handle: object, map: "real" }, 0, program);
		refused(`the slot of member ${member}`, (await this.client.call("bpf", real)).errno, "");
		return { handle: object, program: name };
	}

	/**
	 * Runs since the last call, in the order in which they ended.
	 * @throws UndecidedError `recorder-overrun` when the ring buffer was full
	 */
	async read(): Promise<MemberRun[]> {
		const lost = this.client.call("map_dump", { object: this.base, map: "lost" });
		const [runs, { entries }] = await Promise.all([this.drain(), lost]);
		const count = view(entries[0]!.value).getBigUint64(0, this.littleEndian);
		if (count > 0n) throw undecided("recorder-overrun", { lost: Number(count) });
		return runs;
	}

	private async drain(): Promise<MemberRun[]> {
		const runs: MemberRun[] = [];
		for (let more = true; more; ) {
			const drained = await this.client.call("events_drain", { object: this.base, map: "runs" });
			for (const event of drained.events) runs.push(parse(event, this.littleEndian));
			more = drained.more;
		}
		return runs;
	}

	/** Removes all recorders; their slots must be deleted from the arrays before. */
	async close(): Promise<void> {
		const { client } = this;
		await Promise.all([
			...this.links.splice(0).map((link) => client.call("detach", { link })),
			...[...this.objects.splice(0), this.base].map((object) => client.call("object_close", { object })),
			client.call("file_remove", { path }),
		]);
	}

	private get littleEndian(): boolean {
		return this.guest.client.littleEndian;
	}

	/** Read once: CO-RE would read the kernel's types for each member. */
	private offsets(): Promise<Offsets> {
		this.found ??= findOffsets(this.guest);
		return this.found;
	}

	private maps(
		member: number,
		kind: PacketKind,
		offsets?: Offsets,
	): NonNullable<Args<"object_open">["maps"]> {
		const { xdp, skb } = offsets ?? { xdp: { data: 0, end: 0 }, skb: { data: 0, length: 0, fragments: 0 } };
		const values = [
			...[marker.readUInt32BE(), member, kinds[kind]],
			...[kind === "xdp" ? xdp.data : skb.data, xdp.end, skb.length, skb.fragments],
		];
		const settings = new DataView(new ArrayBuffer(values.length * 4));
		for (const [index, value] of values.entries()) settings.setUint32(index * 4, value, this.littleEndian);
		return [
			{ name: ".rodata.settings", initial_value: new Uint8Array(settings.buffer) },
			...["runs", "lost"].map((name) => ({ name, reuse: { handle: this.base, map: name } })),
		];
	}
}

/** Runs by packet number, each packet's in their order; runs without a number are left out. */
export function byPacket(runs: readonly MemberRun[]): Map<number, MemberRun[]> {
	const packets = new Map<number, MemberRun[]>();
	for (const run of runs) {
		if (run.packet === undefined) continue;
		const met = packets.get(run.packet);
		if (met) met.push(run);
		else packets.set(run.packet, [run]);
	}
	return packets;
}

function parse(event: Uint8Array, littleEndian: boolean): MemberRun {
	if (event.length < runBytes)
		throw new Error(`the recorder's ring buffer has a record of ${event.length} bytes`);
	const record = view(event);
	const flags = record.getUint32(12, littleEndian);
	return {
		member: record.getUint32(0, littleEndian),
		...(flags & flag.returned ? { retval: record.getInt32(4, littleEndian) } : {}),
		...(flags & flag.numbered ? { packet: record.getUint32(8, littleEndian) } : {}),
		empty: (flags & flag.empty) !== 0,
		timeNs: record.getBigUint64(16, littleEndian),
	};
}

function view(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Runs packet-offsets.bpf.c, CO-RE. @throws UndecidedError `recorder-refused`, `not-built` */
async function findOffsets({ client, kernel }: Pick<Guest, "client" | "kernel">): Promise<Offsets> {
	await client.call("file_write", {
		path: offsetsPath,
		data: await bpfObject(kernel.arch, "packet-offsets"),
	});
	const object = await load(client, { path: offsetsPath });
	const [{ runs }, { entries }] = await Promise.all([
		client.call("test_run", { object, program: "find_offsets", runs: [{}] }),
		client.call("map_dump", { object, map: ".data.offsets" }),
		client.call("object_close", { object }),
		client.call("file_remove", { path: offsetsPath }),
	]);
	refused("a program that reads the offsets of packets", runs[0]!.errno, "");
	const offsets = view(entries[0]!.value);
	const at = (index: number) => offsets.getUint32(index * 4, client.littleEndian);
	return {
		xdp: { data: at(0), end: at(1) },
		skb: { data: at(2), length: at(3), fragments: at(4) },
	};
}

/** Asks for the verifier's log, which makes loading ten times slower, only after a refusal. */
async function load(client: GuestClient, args: Args<"object_open">, logLevel = 0): Promise<number> {
	const { object } = await client.call("object_open", args);
	const loaded = await client.call("object_load", { object, log_level: logLevel, log_bytes: 65536 });
	if (loaded.errno === 0) return object;
	await client.call("object_close", { object });
	if (logLevel === 0) return load(client, args, 1);
	const failed = loaded.programs.find(({ errno }) => errno !== 0);
	refused(failed?.name ?? "the recorder", loaded.errno, failed?.log.trim().split("\n").at(-1) ?? loaded.log);
	return object;
}

/** @throws UndecidedError `recorder-refused` unless `errno` is 0 */
function refused(what: string, errno: number, log: string): void {
	if (errno === 0) return;
	throw undecided("recorder-refused", { what, errno: errnoName(errno), log });
}
