// SPDX-License-Identifier: Apache-2.0

import { errnoName } from "../../../base/errno.js";
import { mechanismFacts } from "../../../data/package/sections/chain-hooks.js";
import { bpfObject } from "../../../machine/guest/bpf-object.js";
import type { Guest } from "../../../machine/vm/guest.js";
import { untilQuiet } from "../arrival.js";
import { slotUpdate } from "../hook-list.js";
import type { Limit } from "../mechanism.js";
import type { RootHook } from "./root-hook.js";

const path = "/run/bpfgate-tail-call-limit.bpf.o";
const runsMap = ".bss.runs";
const { maxMembers } = mechanismFacts.tail_call;

/**
 * A root and one member after the other, as many as there may be and one more, all of them
 * bpfgate's own (tail-call-limit.bpf.c) and none recorded, for what records would be called by tail
 * calls as well.
 *
 * @param type of the hook's programs
 */
export async function tailCallLimit(
	guest: Guest,
	hook: RootHook,
	type: "xdp" | "tc",
	frame: Uint8Array,
): Promise<Limit> {
	const { client, kernel } = guest;
	const names = Array.from({ length: maxMembers + 2 }, (_, place) => `${type}_${place}`);
	await client.call("file_write", { path, data: await bpfObject(kernel.arch, "tail-call-limit") });
	const programs = names.map((name) => ({ name, autoload: true }));
	const { object } = await client.call("object_open", { path, programs });
	let detach: (() => Promise<void>) | undefined;
	try {
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		if (loaded.errno !== 0)
			throw new Error(`the kernel takes no chain of bpfgate's own: ${errnoName(loaded.errno)}`);
		detach = await hook.attach({ handle: object, program: names[0]! });
		const put = async (place: number) => {
			const array = { handle: object, map: `next_${place - 1}` };
			const update = slotUpdate(guest, array, 0, { handle: object, program: names[place]! });
			return (await client.call("bpf", update)).errno;
		};
		const met = async () => {
			const before = await runs(guest, object);
			await client.call("packet_send", { ...hook.device.sender, frames: [frame] });
			let ran: boolean[] = [];
			await untilQuiet(async () => {
				const after = await runs(guest, object);
				ran = after.map((count, place) => count > before[place]!);
				return { arrived: ran.filter(Boolean).length, all: ran[0]! };
			});
			return ran.slice(1).filter(Boolean).length;
		};
		let taken = 0;
		let errno = 0;
		while (taken < maxMembers && errno === 0) {
			errno = await put(taken + 1);
			if (errno === 0) taken++;
		}
		const limit = { promised: maxMembers, taken, met: await met() };
		if (errno !== 0) return { ...limit, errno };
		errno = await put(maxMembers + 1);
		return { ...limit, errno, ...(errno === 0 ? { metWithOneMore: await met() } : {}) };
	} finally {
		await detach?.();
		await client.call("object_close", { object });
		await client.call("file_remove", { path });
	}
}

/** By place, the root's first; 32 bits each. */
async function runs({ client }: Guest, object: number): Promise<number[]> {
	const { entries } = await client.call("map_dump", { object, map: runsMap });
	const { buffer, byteOffset, byteLength } = entries[0]!.value;
	const view = new DataView(buffer, byteOffset, byteLength);
	return Array.from({ length: maxMembers + 2 }, (_, place) => view.getUint32(place * 4, client.littleEndian));
}
