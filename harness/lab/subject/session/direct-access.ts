// SPDX-License-Identifier: Apache-2.0

import { programTypes } from "../../../base/bpf.js";
import type { Subject } from "../../../data/vectors/subject.js";
import { bpf, progLoad } from "../../../machine/features/syscall.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { testRunRetval } from "./test-run-retval.js";

/** Offsets in struct __sk_buff (include/uapi/linux/bpf.h). */
const DATA = 76;
const DATA_END = 80;
const LDX_W = 0x61;

/** Returns 1 when there is at least one byte between `data` and `data_end`, else 0. */
const looksAtPacket = Uint8Array.from(
	[
		[LDX_W, 0x12, DATA_END, 0, 0, 0, 0, 0], // r2 = data_end
		[LDX_W, 0x13, DATA, 0, 0, 0, 0, 0], // r3 = data
		[0x07, 0x03, 0, 0, 1, 0, 0, 0], // r3 += 1
		[0xb7, 0x00, 0, 0, 0, 0, 0, 0], // r0 = 0
		[0x2d, 0x23, 1, 0, 0, 0, 0, 0], // if r3 > r2 skip the next
		[0xb7, 0x00, 0, 0, 1, 0, 0, 0], // r0 = 1
		[0x95, 0x00, 0, 0, 0, 0, 0, 0], // exit
	].flat(),
);

/** Whether the program's own instructions read both ends of the packet from a struct __sk_buff. */
export function readsPacketDirectly({ object, program }: Subject): boolean {
	const section = object.elf.sections.find(({ name }) => name === program.section);
	const code = section?.data.subarray(program.offset, program.offset + program.insns * 8);
	const reads = (offset: number) =>
		Array.from({ length: Math.floor((code?.length ?? 0) / 8) }, (_, index) => index * 8).some(
			(at) => code?.[at] === LDX_W && code[at + 2] === offset && code[at + 3] === 0,
		);
	return reads(DATA) && reads(DATA_END);
}

const answers = new WeakMap<GuestClient, Promise<boolean>>();

/**
 * Whether test runs of cgroup_skb programs let them see the packet by `data` and `data_end`: those
 * of 6.12 and before leave the end unset, so that every check of bounds fails
 * (bpf_prog_test_run_skb, net/bpf/test_run.c). The kernel is asked.
 */
export function cgroupSkbSeesPacket(client: GuestClient): Promise<boolean> {
	const known = answers.get(client) ?? ask(client);
	answers.set(client, known);
	return known;
}

async function ask(client: GuestClient): Promise<boolean> {
	const { fd } = await bpf(
		client,
		"prog_load",
		progLoad(programTypes.number("cgroup_skb") ?? 0, looksAtPacket, true),
	);
	if (fd === undefined) return true;
	try {
		return (await testRunRetval(client, fd, new Uint8Array(64))) !== 0;
	} finally {
		await client.call("close", { handle: fd });
	}
}
