// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CoverageEvidence } from "../base/coverage-record.js";
import type { CaseResult, Results } from "../base/results.js";
import { coverageOf, coverageSection, coverageText, unmeasuredPackages } from "./coverage.js";
import { html } from "./html.js";
import { lcov } from "./lcov.js";
import { pretty } from "./pretty.js";

const filter: CoverageEvidence = {
	object: "filter.bpf.o",
	program: "filter",
	vectors: 3,
	instructions: { reached: 17, total: 20, unmeasured: 0, loaded: 41 },
	blocks: { reached: 3, total: 5, unmeasured: 1 },
	lines: { reached: 4, total: 6 },
	missed: ["/src/filter.bpf.c:12", "/src/filter.bpf.c:20"],
	files: [
		{
			file: "/src/filter.bpf.c",
			reached: "9-11,13",
			missed: "12,20",
			functions: [
				{ name: "filter", line: 9, reached: true },
				{ name: "spare", line: 20, reached: false },
			],
		},
	],
};
const other: CoverageEvidence = {
	...filter,
	program: "other",
	vectors: 0,
	missed: ["/src/filter.bpf.c:13"],
	files: [
		{
			file: "/src/filter.bpf.c",
			reached: "20",
			missed: "13,30-31",
			functions: [{ name: "spare", line: 20, reached: true }],
		},
		{ file: "/src/parse.h", reached: "", missed: "4", functions: [] },
	],
};

function results(...coverages: unknown[]): Results {
	const common = { package: "p-1", kernel: "6.12", check: "vectors" as const, outcome: "pass" as const };
	return {
		format: "bpfgate/results",
		version: 1,
		run: {
			id: "00000000-0000-0000-0000-000000000000",
			started: "2026-01-01T00:00:00Z",
			finished: "2026-01-01T00:00:01Z",
			bpfgate: "0",
			accelerator: "tcg",
			qemu: "8",
			jobs: 1,
			interrupted: false,
		},
		kernels: [{ id: "6.12", release: "6.12.1", arch: "x86_64", image_sha256: "0" }],
		packages: [{ name: "p-1", version: "1", sha256: "0" }],
		results: coverages.map(
			(coverage, index): CaseResult => ({
				...common,
				case: `coverage/filter.bpf.o/${index}`,
				duration_ms: 1,
				evidence: { coverage },
			}),
		),
	};
}

describe("coverage in reports", () => {
	it("is what was measured, not what looks like it", () => {
		expect(coverageOf(results(filter, { ...filter, missed: 3 }, undefined))).toEqual([
			{ package: "p-1", kernel: "6.12", coverage: filter },
		]);
	});

	it("is a table on a terminal, with what was missed", () => {
		expect(coverageText(results(filter, other))).toBe(
			[
				"Reached by vectors, measured on 6.12:",
				"                       instructions                   blocks   lines",
				"  filter.bpf.o filter      17 of 20  3 of 5 (1 not measured)  4 of 6",
				"  filter.bpf.o other       17 of 20  3 of 5 (1 not measured)  4 of 6",
				"  filter.bpf.o filter: not reached: filter.bpf.c:12, filter.bpf.c:20",
				"  filter.bpf.o other: no vector runs it",
				"",
			].join("\n"),
		);
	});

	it("is part of what is printed and of the page, and of neither when it was not measured", () => {
		const medium = { width: 100, colour: false, unicode: true };
		expect(pretty(results(filter), medium)).toContain(coverageText(results(filter)));
		expect(html(results(filter))).toContain("<h2>Coverage</h2>");
		expect(html(results(filter))).toContain("<code>/src/filter.bpf.c:12</code>");
		expect(pretty(results({}), medium)).not.toContain("Reached");
		expect(html(results({}))).not.toContain("Coverage");
		expect(coverageSection(results())).toEqual([]);
	});

	it("names packages whose vectors were not measured", () => {
		const skipped = { ...results({}).results[0]!, case: "file/vector", outcome: "skip" as const };
		const measured = results(filter);
		expect(unmeasuredPackages(measured)).toEqual([]);
		expect(unmeasuredPackages({ ...measured, results: [skipped] })).toEqual(["p-1"]);
		expect(unmeasuredPackages({ ...measured, results: [...measured.results, skipped] })).toEqual([]);
		expect(unmeasuredPackages({ ...measured, results: [{ ...skipped, check: "load" }] })).toEqual([]);
	});

	it("escapes what the object calls its files", () => {
		const hostile = { ...filter, missed: ["<script>:1"], program: "<b>" };
		expect(coverageSection(results(hostile)).join("")).not.toMatch(/<script>|<b>/);
		expect(coverageText(results({ ...filter, missed: ["a\u001b[31m.c:1"] }))).not.toContain("\u001b");
	});
});

describe("lcov", () => {
	it("counts a line as reached when one program reached it", () => {
		expect(lcov(results(filter, other))).toBe(
			[
				"TN:p_1",
				"SF:/src/filter.bpf.c",
				"FN:9,filter",
				"FN:20,spare",
				"FNDA:1,filter",
				"FNDA:1,spare",
				"FNF:2",
				"FNH:2",
				"DA:9,1",
				"DA:10,1",
				"DA:11,1",
				"DA:12,0",
				"DA:13,1",
				"DA:20,1",
				"DA:30,0",
				"DA:31,0",
				"LF:8",
				"LH:5",
				"end_of_record",
				"TN:p_1",
				"SF:/src/parse.h",
				"FNF:0",
				"FNH:0",
				"DA:4,0",
				"LF:1",
				"LH:0",
				"end_of_record",
				"",
			].join("\n"),
		);
	});

	it("does not depend on the order of programs", () => {
		expect(lcov(results(other, filter)).split("\n").sort()).toEqual(
			lcov(results(filter, other)).split("\n").sort(),
		);
	});

	it("is empty when nothing was measured, and has a name of one line for each file", () => {
		expect(lcov(results({}))).toBe("");
		const split = { ...filter, files: [{ ...filter.files[0]!, file: "a\nend_of_record\nb" }] };
		expect(lcov(results(split)).match(/^end_of_record$/gm)).toHaveLength(1);
	});
});
