// SPDX-License-Identifier: Apache-2.0
import { disassemble, insnClass, op } from "../../../base/insn.js";
import type { Elf } from "./elf.js";

/** Bytes of a program in its section. */
interface Place {
	section: string;
	offset: number;
	insns: number;
}

/**
 * False if every `exit` of the program itself follows `r0 = value` and nothing jumps in between: it
 * returns that whatever happens. Others may do so as well; this is not proven here.
 */
export function mayReturnOtherThan(value: number, elf: Elf, { section, offset, insns }: Place): boolean {
	const data = elf.sections.find(({ name }) => name === section)?.data.subarray(offset, offset + insns * 8);
	if (!data) return true;
	const list = [...disassemble(data, elf.littleEndian)];
	const targets = new Set(
		list.flatMap(({ at, code, offset, imm }) => {
			const kind = code & 0x07;
			const isJump = kind === insnClass.jmp || kind === insnClass.jmp32;
			if (!isJump || code === op.exit || code === op.call) return [];
			return [at + 8 + 8 * (code === op.jump32 ? imm : offset)];
		}),
	);
	return list.some((each, index) => {
		if (each.code !== op.exit) return false;
		const before = list[index - 1];
		const isSet = before && (before.code === op.movImm || before.code === op.mov32Imm);
		return !(isSet && before.target === 0 && before.imm === value) || targets.has(each.at);
	});
}
