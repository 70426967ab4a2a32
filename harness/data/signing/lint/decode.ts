// SPDX-License-Identifier: Apache-2.0
import { disassemble, type Insn, op } from "../../../base/insn.js";

/** An instruction at its place in units of eight bytes. */
export interface Placed extends Insn {
	/** Byte offset. */
	at: number;
	/** `imm` of the second half of a 64-bit load, 0 for any other. */
	high: number;
	length: 1 | 2;
}

/** Registers r0 to r10. */
const lastRegister = 10;

export function width(code: number): number {
	return [4, 2, 1, 8][(code >> 3) & 3]!;
}

/**
 * Instructions by place, in units of eight bytes; undefined for the second half of a 64-bit load,
 * or when the bytes are no whole instructions.
 */
export function decode(insns: Uint8Array): (Placed | undefined)[] | undefined {
	if (insns.length === 0 || insns.length % 8 !== 0) return undefined;
	const program: (Placed | undefined)[] = [];
	for (const each of disassemble(insns)) {
		const wide = each.code === op.ldImm64;
		if (each.target > lastRegister || each.source > lastRegister) return undefined;
		if (wide && each.at + 16 > insns.length) return undefined;
		program.push({ ...each, length: wide ? 2 : 1 });
		if (wide) program.push(undefined);
	}
	return program;
}
