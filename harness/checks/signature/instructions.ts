// SPDX-License-Identifier: Apache-2.0

/** Instructions of include/uapi/linux/bpf.h: code, registers, offset, number. */
export const insn = (code: number, registers: number, imm: number): Buffer => {
	const out = Buffer.alloc(8);
	out.writeUInt8(code, 0);
	out.writeUInt8(registers, 1);
	out.writeInt32LE(imm, 4);
	return out;
};
export const returnZero = [insn(0xb7, 0, 0), insn(0x95, 0, 0)];
/** r1 = a map, by descriptor (BPF_PSEUDO_MAP_FD) or by place in `fd_array` (BPF_PSEUDO_MAP_IDX). */
export const loadMap = (pseudo: 1 | 5, number: number) => [
	insn(0x18, (pseudo << 4) | 1, number),
	insn(0, 0, 0),
];
