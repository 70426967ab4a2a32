// SPDX-License-Identifier: Apache-2.0

import { Btf } from "../../../data/package/btf/btf.js";
import { TestBtf } from "../../../data/package/elf/testelf.js";
import type { ProgramCoverage } from "../../../machine/guest/operations.js";

export interface TestCoverage {
	/** First slot, instructions, and state: 0 not reached, 1 reached, 2 without a probe. */
	blocks: readonly (readonly [start: number, instructions: number, state: number])[];
	insns: number;
	lines: [slot: number, file: string, line: number][];
	functions: [slot: number, name: string][];
	littleEndian?: boolean;
}

/** The coverage that the agent reports of a program, and its BTF. */
export function testCoverage(test: TestCoverage): { coverage: ProgramCoverage; btf: Btf } {
	const { blocks, insns, lines, functions, littleEndian = true } = test;
	const types = new TestBtf(littleEndian);
	const proto = types.proto(types.int("int", 4, 1));
	const words = (numbers: number[]) => {
		const bytes = new Uint8Array(numbers.length * 4);
		const view = new DataView(bytes.buffer);
		for (const [index, number] of numbers.entries()) view.setUint32(index * 4, number, littleEndian);
		return bytes;
	};
	const coverage: ProgramCoverage = {
		name: "program",
		insns,
		probed_insns: insns + 3 * blocks.length,
		blocks: words(blocks.flatMap((block) => block.slice(0, 2))),
		reached: Uint8Array.from(blocks.map(([, , state]) => state)),
		line_info_size: 16,
		line_info: words(
			lines.flatMap(([slot, file, line]) => [slot, types.string(file), types.string("x"), line * 1024 + 3]),
		),
		func_info_size: 8,
		func_info: words(functions.flatMap(([slot, name]) => [slot, types.func(name, proto)])),
	};
	return { coverage, btf: new Btf("test.o", types.done()) };
}
