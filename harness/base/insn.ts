// SPDX-License-Identifier: Apache-2.0

/** `struct bpf_insn` (include/uapi/linux/bpf.h, RFC 9669), of either byte order. */
export interface Insn {
	code: number;
	/** `dst_reg` */
	target: number;
	/** `src_reg` */
	source: number;
	/** `off`, signed 16 bits */
	offset: number;
	/** Signed 32 bits */
	imm: number;
}

/** Opcodes: class, size and operation in one byte. */
export const op = {
	ldImm64: 0x18,
	ldxW: 0x61,
	ldxDw: 0x79,
	stDw: 0x7a,
	stxW: 0x63,
	addImm: 0x07,
	mov32Imm: 0xb4,
	movImm: 0xb7,
	movReg: 0xbf,
	jump: 0x05,
	jump32: 0x06,
	jeqImm: 0x15,
	jgtReg: 0x2d,
	call: 0x85,
	exit: 0x95,
} as const;

/** Instruction classes: the low three bits of an opcode. */
export const insnClass = { ldx: 1, st: 2, stx: 3, jmp: 5, jmp32: 6 } as const;

/** BPF_PSEUDO_*: `src_reg` of a 64-bit load or call. `…Value` is the address of a map's content. */
export const pseudo = {
	mapFd: 1,
	mapIndex: 5,
	mapIndexValue: 6,
	function: 4,
	call: 1,
	kfuncCall: 2,
} as const;

/** An instruction; fields that are not given are 0. */
export function insn(code: number, fields: Partial<Omit<Insn, "code">> = {}): Insn {
	return { code, target: 0, source: 0, offset: 0, imm: 0, ...fields };
}

/** `rN = imm` */
export const mov = (target: number, imm: number): Insn => insn(op.movImm, { target, imm });
/** Calls a helper by its number in `enum bpf_func_id`. */
export const callHelper = (helper: number): Insn => insn(op.call, { imm: helper });
export const exit: Insn = insn(op.exit);

/** `return imm` */
export const returns = (imm: number): Insn[] => [mov(0, imm), exit];

/** A 64-bit load of a 32-bit number: two instructions. */
export const load64 = (target: number, source: number, imm: number): Insn[] => [
	insn(op.ldImm64, { target, source, imm }),
	insn(0),
];

/** Eight bytes an instruction. */
export function assemble(insns: readonly Insn[], littleEndian = true): Uint8Array {
	const bytes = new Uint8Array(insns.length * 8);
	const view = new DataView(bytes.buffer);
	for (const [index, { code, target, source, offset, imm }] of insns.entries()) {
		const at = index * 8;
		bytes[at] = code;
		bytes[at + 1] = littleEndian ? (source << 4) | target : (target << 4) | source;
		view.setInt16(at + 2, offset, littleEndian);
		view.setInt32(at + 4, imm, littleEndian);
	}
	return bytes;
}

/** Instructions with byte offsets; `high` is `imm` of a 64-bit load's second half, else 0. */
export function* disassemble(
	bytes: Uint8Array,
	littleEndian = true,
): Generator<Insn & { at: number; high: number }> {
	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	for (let at = 0; at < bytes.length; ) {
		const code = view.getUint8(at);
		const registers = view.getUint8(at + 1);
		const [high, low] = [registers >> 4, registers & 0x0f];
		const wide = code === op.ldImm64;
		yield {
			at,
			code,
			target: littleEndian ? low : high,
			source: littleEndian ? high : low,
			offset: view.getInt16(at + 2, littleEndian),
			imm: view.getInt32(at + 4, littleEndian),
			high: wide && at + 16 <= bytes.length ? view.getInt32(at + 12, littleEndian) : 0,
		};
		at += wide ? 16 : 8;
	}
}
