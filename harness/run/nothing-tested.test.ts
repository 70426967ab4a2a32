// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../base/results.js";
import type { Check, CheckRun } from "../lab/check.js";
import { type Ended, unproven } from "./nothing-tested.js";
import { kernel, pkg } from "./testguest.js";

const check = (name: string, more: Partial<Check & CheckRun> = {}): Ended["asked"][number] => {
	const run: CheckRun = { cases: () => [], async *run() {}, ...more };
	return { run, check: { name, summary: "", suits: () => true, create: () => run, ...more } };
};

/** `check/case outcome on kernel` of a package; `~pass` is an announced failure. */
const result = (text: string, name = "one"): CaseResult => {
	const [, where = "", outcome = "", on = ""] = /^(\S+) (\S+) on (\S+)$/.exec(text) ?? [];
	const [head = "", ...rest] = where.split("/");
	return {
		...{ package: name, kernel: on, check: head, case: rest.join("/"), duration_ms: 0 },
		outcome: outcome.replace("~", "") as Outcome,
		...(outcome.startsWith("~") ? { announced: { code: "x", message: "", hint: "" } } : {}),
		evidence: {},
	};
};

function ended(results: CaseResult[], more: Partial<Ended> = {}): string[] {
	const all: Ended = {
		packages: [pkg("one")],
		kernels: [kernel("5.10"), kernel("6.1")],
		asked: [check("load"), check("vectors")],
		results,
		...more,
	};
	return unproven(all).map((each) => {
		const { package: name, kernel, check, case: test, outcome, reason } = each;
		return `${name} ${kernel} ${check}/${test} ${outcome} ${reason?.code}: ${reason?.message}`;
	});
}
const nothing = (why: string, name = "one", asked = "load") =>
	["5.10", "6.1"].map(
		(id) =>
			`${name} ${id} ${asked}/nothing-tested error nothing-tested: nothing was tested of ${name}: ${why}`,
	);

describe("a run proves something of a package", () => {
	it("when a case passes on one of the kernels", () => {
		expect(ended([result("load/a skip on 5.10"), result("load/a pass on 6.1")])).toEqual([]);
	});

	it("and does not when there is none, or all are skipped, announced, or about the kernel", () => {
		expect(ended([])).toEqual(nothing("no check has a case for it"));
		const skips = [result("load/a skip on 5.10"), result("load/a skip on 6.1")];
		expect(ended(skips)).toEqual(nothing("2 cases were skipped, and none passed"));
		expect(ended([result("load/a ~pass on 6.1")])).toEqual(
			nothing("1 case was announced as failures in expect.failures, and none passed"),
		);
		const asked = [check("load"), check("signature", { aboutKernel: ["kernel-promises"] })];
		expect(ended([result("signature/kernel-promises pass on 6.1")], { asked })).toHaveLength(2);
		expect(ended([result("signature/package pass on 6.1")], { asked })).toEqual([]);
	});

	it("whatever other packages proved", () => {
		const packages = [pkg("one"), pkg("two")];
		expect(ended([result("load/a pass on 6.1")], { packages })).toEqual(
			nothing("no check has a case for it", "two"),
		);
	});

	it("in a chain that another package reports", () => {
		const packages = [pkg("one"), pkg("two")];
		const casesWith: CheckRun["casesWith"] = ({ name }) =>
			name === "two" ? [{ package: "one", cases: "edge/*" }] : [];
		const asked = [check("chain", { casesWith })];
		expect(ended([result("chain/edge/executed pass on 6.1")], { packages, asked })).toEqual([]);
		expect(ended([result("chain/other/executed pass on 6.1")], { packages, asked })).toHaveLength(2);
	});

	it("by each check that the user named", () => {
		const results = [result("load/a pass on 6.1")];
		expect(ended(results)).toEqual([]);
		expect(ended(results, { named: true })).toEqual(
			nothing("the check vectors has no case for it", "one", "vectors"),
		);
	});

	it("is not asked where a case failed, or where the user allows it", () => {
		expect(ended([result("load/a fail on 6.1")])).toEqual([]);
		expect(ended([result("load/a error on 6.1")])).toEqual([]);
		expect(ended([], { allowEmpty: true })).toEqual([]);
	});
});

describe("a required kernel", () => {
	const results = [result("load/a pass on 6.1")];

	it("fails where nothing was tested, also of a run that may be empty", () => {
		const found = [
			"one 5.10 load/nothing-tested fail required-untested: nothing was tested of one on 5.10, which --require names",
		];
		expect(ended(results, { require: ["5.10"] })).toEqual(found);
		expect(ended(results, { require: ["5.10"], allowEmpty: true })).toEqual(found);
	});

	it("is met by a case that passes there", () => {
		expect(ended(results, { require: ["6.1"] })).toEqual([]);
	});
});

describe("a filter", () => {
	const packages = [pkg("one"), pkg("two")];
	const results = [result("load/a pass on 6.1")];

	it("needs a case in one package only", () => {
		expect(ended(results, { packages, filter: ["load/*"] })).toEqual([]);
	});

	it("that matches nothing is named, whatever else matches", () => {
		const found = ended(results, { filter: ["load/*", "load/b"], allowEmpty: true });
		expect(found[0]).toBe(
			'one 5.10 load/nothing-tested error filter-matches-nothing: --filter "load/b" matches no case',
		);
	});
});
