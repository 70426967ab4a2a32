// SPDX-License-Identifier: Apache-2.0

import { disassemble, exit, type Insn, insn, mov, op } from "../../../base/insn.js";
import type { Subject } from "../../../data/vectors/subject.js";
import { bpf, progLoad } from "../../../machine/guest/bpf-call.js";
import type { GuestClient } from "../../../machine/guest/client.js";
import { testRunRetval } from "./test-run-retval.js";

/** Offsets in struct __sk_buff (include/uapi/linux/bpf.h). */
const DATA = 76;
const DATA_END = 80;

/** Returns 1 when there is at least one byte between `data` and `data_end`, else 0. */
const looksAtPacket: Insn[] = [
	insn(op.ldxW, { target: 2, source: 1, offset: DATA_END }),
	insn(op.ldxW, { target: 3, source: 1, offset: DATA }),
	insn(op.addImm, { target: 3, imm: 1 }),
	mov(0, 0),
	insn(op.jgtReg, { target: 3, source: 2, offset: 1 }),
	mov(0, 1),
	exit,
];

/** True if the program reads both data and data_end from a struct __sk_buff. */
export function readsPacketDirectly({ object, program }: Subject): boolean {
	const section = object.elf.sections.find(({ name }) => name === program.section);
	const code = section?.data.subarray(program.offset, program.offset + program.insns * 8);
	if (!code) return false;
	const insns = [...disassemble(code, object.elf.littleEndian)];
	const reads = (wanted: number) => insns.some(({ code, offset }) => code === op.ldxW && offset === wanted);
	return reads(DATA) && reads(DATA_END);
}

const answers = new WeakMap<GuestClient, Promise<boolean>>();

/**
 * True if test runs of cgroup_skb see the packet; 6.12 and older leave `data_end` unset
 * (bpf_prog_test_run_skb, net/bpf/test_run.c). The kernel is asked.
 */
export function cgroupSkbSeesPacket(client: GuestClient): Promise<boolean> {
	const known = answers.get(client) ?? ask(client);
	answers.set(client, known);
	return known;
}

async function ask(client: GuestClient): Promise<boolean> {
	const { fd } = await bpf(client, "prog_load", progLoad("cgroup_skb", looksAtPacket));
	if (fd === undefined) return true;
	try {
		return (await testRunRetval(client, fd, new Uint8Array(64))) !== 0;
	} finally {
		await client.call("close", { handle: fd });
	}
}
