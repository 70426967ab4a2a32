// SPDX-License-Identifier: Apache-2.0
import { type Instruction, instructions, op } from "../loader/instruction.js";

/** An instruction at its place in units of eight bytes. */
export interface Placed extends Instruction {
	/** `imm` of the second half of a 64-bit load, 0 for any other. */
	high: number;
	length: 1 | 2;
}

/** Classes: the low three bits of a code (RFC 9669). */
export const cls = { ldx: 1, st: 2, stx: 3, jmp: 5, jmp32: 6 } as const;

/** Registers r0 to r10. */
const lastRegister = 10;

/** Bytes that a load or store moves. */
export function width(code: number): number {
	return [4, 2, 1, 8][(code >> 3) & 3]!;
}

/**
 * The instructions of a program by their place in units of eight bytes; undefined at the second
 * half of a 64-bit load. undefined when the bytes are no whole instructions.
 */
export function decode(insns: Uint8Array): (Placed | undefined)[] | undefined {
	if (insns.length === 0 || insns.length % 8 !== 0) return undefined;
	const view = new DataView(insns.buffer, insns.byteOffset, insns.byteLength);
	const program: (Placed | undefined)[] = [];
	for (const each of instructions(insns)) {
		const wide = each.code === op.ldImm64;
		if (each.target > lastRegister || each.source > lastRegister) return undefined;
		if (wide && each.at + 16 > insns.length) return undefined;
		program.push({ ...each, high: wide ? view.getInt32(each.at + 12, true) : 0, length: wide ? 2 : 1 });
		if (wide) program.push(undefined);
	}
	return program;
}
