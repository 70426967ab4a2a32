// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { ExpectedFailure, Manifest } from "../data/package/manifest/manifest.js";
import type { Package } from "../data/package/package.js";
import type { Finding } from "../lab/check.js";
import { assertExpectations, expected } from "./expectations.js";

const manifest = (...failures: ExpectedFailure[]): Manifest => ({
	name: "p",
	version: "1",
	objects: ["p.o"],
	expect: { failures },
});
const reason = { code: "helper-unknown", message: "calls what is not there", hint: "do not" };
const failed: Finding = { case: "program/a", outcome: "fail", reason, evidence: { errno: 22 } };
const passed: Finding = { case: "program/a", outcome: "pass", evidence: {} };

describe("an announced failure", () => {
	it("counts as a pass and stays in the evidence", () => {
		const finding = expected(manifest({ case: "load/program/a" }), "load", ["5.10"], failed);
		expect(finding).toEqual({
			case: "program/a",
			outcome: "pass",
			evidence: { errno: 22, expected_failure: reason },
		});
	});

	it("is a failure where it does not happen", () => {
		const finding = expected(manifest({ case: "load/program/a" }), "load", ["5.10"], passed);
		expect(finding).toMatchObject({ outcome: "fail", reason: { code: "expected-failure-absent" } });
	});

	it("is a failure when it happens for another reason", () => {
		const announced = manifest({ case: "load/program/a", reason: "stack-limit" });
		expect(expected(announced, "load", ["5.10"], failed)).toMatchObject({
			outcome: "fail",
			reason: { code: "expected-failure-differs" },
		});
	});

	it("counts only on the kernels that it names", () => {
		const announced = manifest({ case: "load/program/a", kernels: ["5.10"] });
		expect(expected(announced, "load", ["6.1"], failed)).toBe(failed);
		expect(expected(announced, "load", ["6.1"], passed)).toBe(passed);
	});

	it("does not cover up an error or a skip", () => {
		const undecided: Finding = { ...failed, outcome: "error" };
		expect(expected(manifest({ case: "load/program/a" }), "load", ["5.10"], undecided)).toBe(undecided);
	});
});

describe("a pattern", () => {
	const hit = (pattern: string) =>
		expected(manifest({ case: pattern }), "load", ["5.10"], failed).outcome === "pass";

	it.each(["load/program/a", "load/*", "*", "*/a", "load/*/a", "l*pro*a"])(
		"%s covers load/program/a",
		(pattern) => expect(hit(pattern)).toBe(true),
	);
	it.each(["load/program", "load/program/ab", "*b", "load/attach/*", "load/program/a*a"])(
		"%s does not",
		(pattern) => expect(hit(pattern)).toBe(false),
	);
});

describe("an expectation", () => {
	const pkg = (pattern: string) => ({ path: "p", manifest: manifest({ case: pattern }) }) as Package;

	it("is refused when it begins with no check's name", () => {
		expect(() => assertExpectations([pkg("lode/*")], ["load", "chain"])).toThrow(
			'p/bpfgate.json: /expect/failures/0/case: "lode/*" begins with no check; the checks are load, chain',
		);
	});

	it("is accepted for a check that this run leaves out, and for all checks", () => {
		expect(() => assertExpectations([pkg("chain/x/*"), pkg("*/x")], ["load", "chain"])).not.toThrow();
	});
});
