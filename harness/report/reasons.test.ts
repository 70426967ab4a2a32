// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { casesOf, reasonEntries, wordingLines } from "./reasons.js";

function failure(name: string, message: string, hint = "Fix it."): CaseResult {
	const reason = { code: "wrong", message, hint };
	const named = { package: "many", kernel: "6.12", check: "load", case: name };
	return { ...named, outcome: "fail", reason, duration_ms: 1, evidence: {} };
}

const names = Array.from({ length: 206 }, (_, i) => `p${i}`);

describe("reasonEntries", () => {
	it("gives a cause once, with a count instead of 206 names", () => {
		const results = documentOf([
			...names.map((name) => failure(`program/${name}`, `program ${name} is in an object that lacks BTF`)),
			...names.map((name) => failure(`attach/${name}`, `${name} was not attached`, `see program/${name}`)),
			{ ...failure("map/x", ""), outcome: "pass" },
		]);
		const entries = reasonEntries(results);
		expect(entries.map((entry) => [casesOf(entry, results), wordingLines(entry), entry.hint])).toEqual([
			[
				"load/program/p0, load/program/p1, load/program/p2, load/program/p3 and 202 more",
				["each of 206 programs is in an object that lacks BTF"],
				"Fix it.",
			],
			[
				"load/attach/p0, load/attach/p1, load/attach/p2, load/attach/p3 and 202 more",
				["each of these 206 was not attached"],
				"see program/p0",
			],
		]);
		expect(entries[0]!.results).toHaveLength(206);
	});

	it("keeps causes apart that differ in more than the name", () => {
		const results = documentOf([
			failure("program/a", "program a reads 4 bytes (x.c:1)"),
			failure("program/b", "program b reads 4 bytes (x.c:2)"),
			failure("program/c", "program a called c"),
		]);
		expect(reasonEntries(results).flatMap(wordingLines)).toEqual([
			"program a reads 4 bytes (x.c:1)",
			"program b reads 4 bytes (x.c:2)",
			"program a called c",
		]);
	});

	it("keeps a single case in its own words", () => {
		const [entry] = reasonEntries(documentOf([failure("program/a", "program a is wrong")]));
		expect(wordingLines(entry!)).toEqual(["program a is wrong"]);
	});
});
