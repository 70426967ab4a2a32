// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Results } from "../base/results.js";
import { tap } from "./tap.js";

const sample: Results = JSON.parse(
	readFileSync(new URL("../../reports/sample/results.json", import.meta.url), "utf8"),
);

describe("tap", () => {
	it("has as many points as it plans, numbered in order", () => {
		const text = tap(sample);
		const numbers = [...text.matchAll(/^(?:not )?ok (\d+) - /gm)].map((match) => Number(match[1]));
		expect(numbers).toEqual(sample.results.map((_, index) => index + 1));
		expect(text).toContain(`\n1..${numbers.length}\n`);
		expect(text.match(/^not ok (?!.*# TODO)/gm)).toHaveLength(8);
	});

	it("escapes what would be a directive", () => {
		const [first] = sample.results;
		const text = tap({ ...sample, results: [{ ...first!, outcome: "fail", case: "a # SKIP \\ b" }] });
		expect(text).toContain("not ok 1 - port-filter on 5.10: load/a \\# SKIP \\\\ b\n");
	});

	it("shows the note of a pass, and none without one", () => {
		const first = { ...sample.results[0]!, outcome: "pass" as const, case: "a" };
		const noted = { ...first, evidence: { note: "one kernel\u001b alone" } };
		expect(
			tap({ ...sample, results: [first, noted] })
				.split("\n")
				.slice(-6, -1),
		).toEqual([
			"ok 1 - port-filter on 5.10: load/a",
			"ok 2 - port-filter on 5.10: load/a",
			"  ---",
			'  note: "one kernel\\\\u{1b} alone"',
			"  ...",
		]);
	});

	it("bails out when the run was interrupted", () => {
		expect(tap({ ...sample, run: { ...sample.run, interrupted: true } })).toMatch(
			/\nBail out! interrupted\n$/,
		);
	});
});
