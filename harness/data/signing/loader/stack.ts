// SPDX-License-Identifier: Apache-2.0
import { assemble, disassemble, op } from "../../../base/insn.js";

/** `struct loader_stack` of gen_loader.c: two file descriptors, and one for each program. */
const stackBytes = (programs: number) => (2 + programs) * 4;
/** MAX_USED_PROGS of that file. */
const libbpfRoom = 32;
/** MAX_BPF_STACK of the kernel. */
const maxStackBytes = 512;
/** How many programs and functions a loader has room for. */
export const maxPrograms = maxStackBytes / 4 - 2;

/**
 * Programs that libbpf counts, called functions and those not loaded included: by the length of the
 * clean-up, which the seventh instruction jumps over.
 */
export function countedPrograms(insns: Uint8Array, maps: number): number {
	const jump = [...take(disassemble(insns), 7)][6];
	const counted = ((jump?.offset ?? 0) - 2 - maps * 6) / 3 - 2;
	if (jump?.code !== op.jump || !Number.isInteger(counted) || counted < 0)
		throw new Error("the loader does not begin as libbpf's do");
	return counted;
}

/** libbpf's stack has room for 32 programs; here every access moves down, so that it fits more. */
export function withRoomFor(programs: number, insns: Uint8Array): Uint8Array {
	if (programs <= libbpfRoom) return insns;
	const from = stackBytes(libbpfRoom);
	const to = stackBytes(programs);
	const moved = Uint8Array.from(insns);
	const [save, copy, start, length] = [...take(disassemble(insns), 4)];
	const frame =
		copy?.code === op.movReg && copy.source === 10 && start?.imm === -from && length?.imm === from;
	if (!save || !frame) throw new Error("the loader does not begin as libbpf's do");
	moved.set(assemble([{ ...start, code: op.addImm, imm: -to }]), start.at);
	moved.set(assemble([{ ...length, code: op.movImm, imm: to }]), length.at);
	for (const each of disassemble(insns)) {
		const reads = each.code === op.ldxW && each.source === 10;
		const writes = each.code === op.stxW && each.target === 10;
		if (reads || writes) moved.set(assemble([{ ...each, offset: each.offset + from - to }]), each.at);
		else if (each !== copy && each.at !== copy.at && each.source === 10)
			throw new Error(`the loader uses its stack at instruction ${each.at / 8} in an unknown way`);
	}
	return moved;
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
	if (count === 0) return;
	let left = count;
	for (const item of items) {
		yield item;
		if (--left === 0) return;
	}
}
