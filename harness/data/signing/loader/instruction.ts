// SPDX-License-Identifier: Apache-2.0

/** Opcodes of include/uapi/linux/bpf.h, those that loaders are read and mended by. */
export const op = {
	ldImm64: 0x18,
	ldxW: 0x61,
	ldxDw: 0x79,
	stxW: 0x63,
	addImm: 0x07,
	movImm: 0xb7,
	movReg: 0xbf,
	jump: 0x05,
	jeqImm: 0x15,
	exit: 0x95,
} as const;

/** BPF_LDX, the class of instructions that read memory. */
export const classLdx = 0x01;
/** Source of a 64-bit constant that stands for the map at an index of `fd_array`. */
export const BPF_PSEUDO_MAP_IDX = 5;

/** `struct bpf_insn`, little endian, at a byte offset. */
export interface Instruction {
	at: number;
	code: number;
	target: number;
	source: number;
	offset: number;
	imm: number;
}

/** The instructions in turn; the second half of a 64-bit constant is none. */
export function* instructions(insns: Uint8Array): Generator<Instruction> {
	const bytes = Buffer.from(insns.buffer, insns.byteOffset, insns.byteLength);
	for (let at = 0; at < bytes.length; at += bytes[at] === op.ldImm64 ? 16 : 8) {
		const registers = bytes.readUInt8(at + 1);
		yield {
			at,
			code: bytes.readUInt8(at),
			target: registers & 0x0f,
			source: registers >> 4,
			offset: bytes.readInt16LE(at + 2),
			imm: bytes.readInt32LE(at + 4),
		};
	}
}

/** The eight bytes of an instruction. */
export function assembled(
	code: number,
	{ target = 0, source = 0, offset = 0, imm = 0 }: Partial<Omit<Instruction, "at" | "code">> = {},
): Uint8Array {
	const bytes = Buffer.alloc(8);
	bytes.writeUInt8(code, 0);
	bytes.writeUInt8(target | (source << 4), 1);
	bytes.writeInt16LE(offset, 2);
	bytes.writeInt32LE(imm, 4);
	return bytes;
}
