// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { tellingFailures } from "./telling.js";

function failure(name: string, check: "load" | "vectors" | "chain", message: string): CaseResult {
	const reason = { code: "wrong", message, hint: "Fix it." };
	const named = { package: name, kernel: "6.12", check, case: "a" };
	return { ...named, outcome: "fail", reason, duration_ms: 1, evidence: {} };
}

it("names one failure of each check, then others, of different packages", () => {
	const results = documentOf([
		failure("one", "load", "no loop bound"),
		failure("two", "load", "no licence"),
		failure("two", "vectors", "wrong verdict"),
		failure("three", "chain", "wrong order"),
		failure("four", "load", "stack too large"),
		{ ...failure("five", "load", "passed"), outcome: "pass" },
	]);
	expect(tellingFailures(results, 4)).toEqual([
		"one, load/a on 6.12: no loop bound",
		"two, vectors/a on 6.12: wrong verdict",
		"three, chain/a on 6.12: wrong order",
		"four, load/a on 6.12: stack too large",
	]);
	expect(tellingFailures(results, 1)).toHaveLength(1);
});
