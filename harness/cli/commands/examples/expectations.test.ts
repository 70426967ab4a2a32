// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../../../base/results.js";
import { documentOf } from "../../../base/testresults.js";
import { deviations, parseExpectations } from "./expectations.js";

function result(name: string, kernel: string, test: string, outcome: Outcome, code?: string): CaseResult {
	const reason = code ? { reason: { code, message: "", hint: "" } } : {};
	return {
		package: name,
		kernel,
		check: "load",
		case: test,
		outcome,
		...reason,
		duration_ms: 1,
		evidence: {},
	};
}

const expectations = parseExpectations(
	"e.json",
	JSON.stringify({
		packages: {
			good: [],
			bad: [{ case: "a", outcome: "fail", reasons: ["loop"], kernels: ["5.10"] }],
			old: [{ case: "*", outcome: "skip", kernels: ["5.10"] }],
		},
		invalid: {},
	}),
);

describe("the expectations of the example packages", () => {
	it("are the ones in programs/", () => {
		const path = new URL("../../../../programs/expectations.json", import.meta.url).pathname;
		expect(() => parseExpectations(path, readFileSync(path, "utf8"))).not.toThrow();
	});

	it("are met when every outcome is the expected one", () => {
		const results = [
			result("good", "5.10", "x", "pass"),
			result("bad", "5.10", "a", "fail", "loop"),
			result("old", "5.10", "x", "skip", "feature-unsupported"),
		];
		expect(deviations(documentOf(results), expectations)).toEqual([]);
	});

	it("are not met by another outcome, another reason, another kernel or silence", () => {
		const results = [
			result("good", "5.10", "x", "error", "guest-lost"),
			result("good", "6.1", "x", "pass"),
			result("bad", "5.10", "a", "fail", "memory"),
			result("bad", "6.1", "a", "fail", "loop"),
			result("old", "5.10", "x", "pass"),
			result("new", "5.10", "x", "pass"),
		];
		expect(deviations(documentOf(results), expectations)).toEqual([
			"new: not in expectations.json",
			"good on 5.10: x: expected pass, got error (guest-lost)",
			"bad on 5.10: a: expected fail (loop), got fail (memory)",
			"bad on 6.1: a: expected pass, got fail (loop)",
			"old on 5.10: x: expected skip, got pass",
			"old on 6.1: no results",
			"new on 6.1: no results",
		]);
	});

	it("are not met when an expected failure is missing", () => {
		const results = [result("bad", "5.10", "b", "pass")];
		expect(deviations(documentOf(results), expectations)).toEqual(["bad on 5.10: a: no result"]);
	});

	it("allow cases to be skipped, for the listed reasons only", () => {
		const may = { case: "*", outcome: "skip" as const, reasons: ["feature-unsupported"], may: true };
		const lenient = { packages: { good: [may] }, invalid: {} };
		const outcomes = [
			result("good", "5.10", "x", "skip", "feature-unsupported"),
			result("good", "6.1", "x", "pass"),
		];
		expect(deviations(documentOf(outcomes), lenient)).toEqual([]);
		const others = [
			result("good", "5.10", "x", "skip", "not-loaded"),
			result("good", "6.1", "x", "fail", "feature-unsupported"),
		];
		expect(deviations(documentOf(others), lenient)).toEqual([
			"good on 5.10: x: expected pass, got skip (not-loaded)",
			"good on 6.1: x: expected pass, got fail (feature-unsupported)",
		]);
	});

	it("are refused when they violate the schema", () => {
		expect(() => parseExpectations("e.json", "{")).toThrow("e.json: line 1 column 2: is not JSON");
		expect(() => parseExpectations("e.json", '{"packages":{}}')).toThrow(
			'e.json: /: key "invalid" is missing',
		);
	});
});
