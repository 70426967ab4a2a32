// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { assemble, disassemble, insn, load64, mov, op, pseudo, returns } from "./insn.js";

const program = [
	insn(op.stDw, { target: 10, offset: -8 }),
	...load64(1, pseudo.mapFd, 7),
	mov(2, -1),
	...returns(1),
];

describe("eBPF instructions", () => {
	it("are assembled in both byte orders", () => {
		const hex = (littleEndian: boolean) =>
			Buffer.from(assemble([program[0]!, mov(2, -2)], littleEndian)).toString("hex");
		expect(hex(true)).toBe("7a0af8ff00000000b7020000feffffff");
		expect(hex(false)).toBe("7aa0fff800000000b7200000fffffffe");
	});

	it.each([true, false])("are read back as they were written (little endian: %s)", (littleEndian) => {
		const read = [...disassemble(assemble(program, littleEndian), littleEndian)];
		expect(read.map(({ at }) => at)).toEqual([0, 8, 24, 32, 40]);
		const [store, load, ...rest] = program.filter((_, index) => index !== 2);
		expect(read.map(({ at, high, ...each }) => each)).toEqual([store, load, ...rest]);
	});

	it("have both halves of a 64-bit load in one", () => {
		const wide = [insn(op.ldImm64, { target: 3, imm: 5 }), insn(0, { imm: 6 })];
		expect([...disassemble(assemble(wide))]).toMatchObject([{ imm: 5, high: 6 }]);
	});

	it("throw RangeError when the last one is cut", () => {
		expect(() => [...disassemble(assemble(program).subarray(0, 12))]).toThrow(RangeError);
	});
});
