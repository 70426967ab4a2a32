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
			announced: reason,
			evidence: { errno: 22 },
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
	const covered = (pattern: string, name: string, code = "stack-limit") =>
		expected(manifest({ case: pattern }), "load", ["5.10"], {
			...failed,
			...{ case: name, reason: { ...reason, code } },
		}).announced !== undefined;

	it.each([
		["load/program/a", "program/a"],
		["load/program/*", "program/a"],
		["load/pro*/a", "program/a"],
	])("%s covers load/%s", (pattern, name) => expect(covered(pattern, name)).toBe(true));

	it.each([
		["load/program", "program/a"],
		["load/program/ab", "program/a"],
		["load/program/a*a", "program/a"],
		["load/attach/*", "program/a"],
		// What it does not name: other checks, other parts.
		["*", "program/a"],
		["*/program/a", "program/a"],
		["l*d/program/a", "program/a"],
		["load/*", "program/a"],
		["load/program/*", "program/a/b"],
		// What no package excuses.
		["load/leftovers/a.o", "leftovers/a.o"],
		["load/*/a.o", "leftovers/a.o"],
		["load/kernel-log/warn", "kernel-log/warn"],
		["load/*/*", "kernel-log/warn"],
		["load/*/*", "capability/write-user"],
		["load/a.o/*", "a.o/leftovers"],
	])("%s does not cover load/%s", (pattern, name) => expect(covered(pattern, name)).toBe(false));

	it.each(["agent-deceived", "leftovers", "kernel-panic", "kernel-warn", "kernel-rcu-stall"])(
		"covers no failure for the reason %s",
		(code) => expect(covered("load/program/a", "program/a", code)).toBe(false),
	);
});

it("with --ignore-expectations a case is what it is", () => {
	const announced = manifest({ case: "load/program/a" });
	for (const finding of [failed, passed])
		expect(expected(announced, "load", ["5.10"], finding, { ignoreExpectations: true })).toBe(finding);
});

describe("an expectation", () => {
	const pkg = (pattern: string) => ({ path: "p", manifest: manifest({ case: pattern }) }) as Package;

	it("is refused when it begins with no check's name", () => {
		expect(() => assertExpectations([pkg("lode/x")], ["load", "chain"])).toThrow(
			'p/bpfgate.json: /expect/failures/0/case: "lode/x" begins with no check; the checks are load, chain',
		);
	});

	it.each([
		["*/x", "must begin with the name of a check"],
		["load/kernel-log/warn", "names kernel-log cases, which a package cannot announce"],
		["chain/x/leftovers", "names leftovers cases, which a package cannot announce"],
		["load/capability/*", "names capability cases, which a package cannot announce"],
	])("is refused when it can cover nothing: %s", (pattern, why) => {
		expect(() => assertExpectations([pkg(pattern)], ["load", "chain"])).toThrow(why);
	});

	it("is accepted for a check that this run leaves out", () => {
		expect(() => assertExpectations([pkg("chain/x/*")], ["load", "chain"])).not.toThrow();
	});
});
