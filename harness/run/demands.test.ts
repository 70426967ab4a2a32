// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { Finding } from "../lab/check.js";
import { canSelect, demanded, selected } from "./demands.js";

const skip: Finding = {
	case: "program/a",
	outcome: "skip",
	reason: { code: "feature-unsupported", message: "5.10 has no tcx", hint: "test on 6.6" },
	evidence: { state: "unsupported" },
};

describe("a skip", () => {
	it("stays one on a kernel that is not required", () => {
		expect(demanded(skip, ["5.10"], {})).toBe(skip);
		expect(demanded(skip, ["5.10"], { require: ["6.1"] })).toBe(skip);
	});

	it.each([
		[{ require: ["5.10"] }, "--require"],
		[{ failOnSkip: true }, "--fail-on-skip"],
	])("is a failure with %j, which keeps why it was skipped", (demands, option) => {
		expect(demanded(skip, ["5.10"], demands)).toMatchObject({
			outcome: "fail",
			reason: {
				code: "skip-not-allowed",
				message: `${option} takes a skip on 5.10 as a failure: 5.10 has no tcx`,
				hint: `leave out ${option}, or test on 6.6`,
			},
			evidence: { state: "unsupported", skipped: skip.reason },
		});
	});

	it("stays one where another variant is used", () => {
		const other = { ...skip, reason: { ...skip.reason!, code: "other-variant" } };
		expect(demanded(other, ["5.10"], { failOnSkip: true })).toBe(other);
	});

	it("changes no other outcome", () => {
		for (const outcome of ["pass", "fail", "error"] as const)
			expect(demanded({ ...skip, outcome }, ["5.10"], { failOnSkip: true }).outcome).toBe(outcome);
	});
});

describe("a filter", () => {
	it("selects whole names of cases, with * for any characters", () => {
		expect(selected({}, "load", "program/a")).toBe(true);
		expect(selected({ filter: ["load/program/a"] }, "load", "program/a")).toBe(true);
		expect(selected({ filter: ["load/program/a"] }, "load", "program/ab")).toBe(false);
		expect(selected({ filter: ["vectors/*", "*/a"] }, "load", "program/a")).toBe(true);
	});

	it("leaves out checks that cannot have such a case", () => {
		const demands = { filter: ["load/program/*"] };
		expect(["load", "vectors"].map((check) => canSelect(demands, check))).toEqual([true, false]);
		expect(canSelect({ filter: ["*/a"] }, "vectors")).toBe(true);
		expect(canSelect({}, "vectors")).toBe(true);
	});
});
