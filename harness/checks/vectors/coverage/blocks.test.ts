// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { blockAt, blocksOf, joined } from "./blocks.js";
import { testCoverage } from "./testcoverage.js";

const three = (...states: [number, number, number]) =>
	testCoverage({
		insns: 12,
		blocks: [
			[0, 4, states[0]],
			[5, 2, states[1]],
			[7, 5, states[2]],
		],
		lines: [],
		functions: [],
	}).coverage;

it("reads blocks in the byte order of the object", () => {
	const blocks = [
		{ start: 0, end: 5, instructions: 4, reached: true },
		{ start: 5, end: 7, instructions: 2, reached: false },
		{ start: 7, end: 12, instructions: 5, reached: undefined },
	];
	expect(blocksOf(three(1, 0, 2), true)).toEqual(blocks);
	const big = testCoverage({ insns: 2, blocks: [[0, 2, 1]], lines: [], functions: [], littleEndian: false });
	expect(blocksOf(big.coverage, false)).toEqual([{ start: 0, end: 2, instructions: 2, reached: true }]);
});

it.each([
	[0, 0],
	[4, 0],
	[5, 5],
	[6, 5],
	[7, 7],
	[11, 7],
	[12, undefined],
])("finds the block of slot %i", (slot, start) => {
	expect(blockAt(blocksOf(three(1, 1, 1), true), slot)?.start).toBe(start);
});

it("joins what two loads reached, if their blocks are equal", () => {
	expect([...joined(three(1, 0, 2), three(0, 1, 2)).reached]).toEqual([1, 1, 2]);
	expect([...joined(three(0, 0, 0), three(0, 0, 0)).reached]).toEqual([0, 0, 0]);
	const other = testCoverage({ insns: 12, blocks: [[0, 12, 1]], lines: [], functions: [] }).coverage;
	expect(() => joined(three(0, 0, 0), other)).toThrow("different blocks");
});
