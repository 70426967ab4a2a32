// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { InputError } from "../../../base/errors.js";
import { blocksOf } from "./blocks.js";
import { coveredFiles } from "./source-lines.js";
import { type TestCoverage, testCoverage } from "./testcoverage.js";

/** Blocks of slots 0-4, 5-6 and 7-11, the second unreached. */
const base: TestCoverage = {
	insns: 12,
	blocks: [
		[0, 5, 1],
		[5, 2, 0],
		[7, 5, 1],
	],
	lines: [],
	functions: [],
};

function covered(test: Partial<TestCoverage>) {
	const { coverage, btf } = testCoverage({ ...base, ...test });
	return coveredFiles(coverage, btf, blocksOf(coverage, btf.littleEndian));
}

describe("source lines", () => {
	it("are reached where their instructions are, also in big-endian objects", () => {
		for (const littleEndian of [true, false]) {
			const lines: TestCoverage["lines"] = [
				[0, "a.c", 10],
				[5, "a.c", 11],
				[7, "a.c", 12],
			];
			expect(covered({ lines, littleEndian })).toEqual([
				{ file: "a.c", reached: "10,12", missed: "11", functions: [] },
			]);
		}
	});

	it("are reached when one of their instructions is", () => {
		const lines: TestCoverage["lines"] = [
			[0, "a.c", 10],
			[5, "a.c", 10],
			[6, "b.h", 3],
		];
		expect(covered({ lines })).toEqual([
			{ file: "a.c", reached: "10", missed: "", functions: [] },
			{ file: "b.h", reached: "", missed: "3", functions: [] },
		]);
	});

	it("are not reached by a later block without a line of its own", () => {
		expect(covered({ lines: [[5, "a.c", 11]] })).toEqual([
			{ file: "a.c", reached: "", missed: "11", functions: [] },
		]);
	});

	it("are absent when they were not measured, or have no number", () => {
		const blocks: TestCoverage["blocks"] = [
			[0, 5, 1],
			[5, 2, 2],
			[7, 5, 1],
		];
		const lines: TestCoverage["lines"] = [
			[0, "a.c", 0],
			[5, "a.c", 11],
			[7, "a.c", 12],
		];
		expect(covered({ blocks, lines })).toEqual([{ file: "a.c", reached: "12", missed: "", functions: [] }]);
	});

	it("come with the functions that begin there", () => {
		const lines: TestCoverage["lines"] = [
			[0, "a.c", 10],
			[5, "b.h", 2],
			[7, "a.c", 30],
		];
		const functions: TestCoverage["functions"] = [
			[0, "first"],
			[5, "second"],
			[7, "third"],
		];
		expect(covered({ lines, functions }).map(({ functions }) => functions)).toEqual([
			[
				{ name: "first", line: 10, reached: true },
				{ name: "third", line: 30, reached: true },
			],
			[{ name: "second", line: 2, reached: false }],
		]);
	});

	it("throw for strings that the BTF lacks", () => {
		const { coverage, btf } = testCoverage({ ...base, lines: [[0, "a.c", 10]] });
		new DataView(coverage.line_info.buffer).setUint32(4, 100_000, true);
		expect(() => coveredFiles(coverage, btf, blocksOf(coverage, true))).toThrow(InputError);
	});

	it("are absent without line information", () => {
		expect(covered({})).toEqual([]);
		const { coverage, btf } = testCoverage(base);
		expect(coveredFiles({ ...coverage, line_info_size: 0 }, btf, [])).toEqual([]);
	});
});
