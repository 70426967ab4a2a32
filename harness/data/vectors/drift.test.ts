// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../../base/results.js";
import { drift } from "./drift.js";

function ran(kernel: string, actual: unknown, more: Partial<CaseResult> = {}): CaseResult {
	const base = {
		package: "p",
		check: "vectors" as const,
		case: "f/v",
		outcome: "pass" as Outcome,
		duration_ms: 1,
	};
	return { ...base, kernel, evidence: actual === undefined ? {} : { actual }, ...more };
}

describe("drift", () => {
	it("finds nothing where all kernels agree or only one ran the vector", () => {
		const same = { retval: "XDP_DROP", "maps/m[0]": 1 };
		expect(
			drift([ran("5.10", same), ran("6.1", { ...same }), ran("6.12", undefined, { outcome: "skip" })]),
		).toEqual([]);
		expect(drift([ran("5.10", same)])).toEqual([]);
		expect(drift([])).toEqual([]);
	});

	it("reports each kernel that differs from most", () => {
		const found = drift([
			ran("5.10", { retval: "XDP_PASS", packet: "unchanged" }),
			ran("6.1", { retval: "XDP_DROP", packet: "unchanged" }),
			ran("6.12", { retval: "XDP_DROP", packet: "unchanged" }, { outcome: "fail" }),
		]);
		expect(found).toMatchObject([
			{
				package: "p",
				kernel: "5.10",
				check: "vectors",
				case: "drift/f/v",
				outcome: "fail",
				reason: {
					code: "vector-drift",
					message: "f/v: 5.10 gives another result than 6.1, 6.12: retval is XDP_PASS, not XDP_DROP",
				},
				evidence: {
					differs_from: ["6.1", "6.12"],
					facts: { retval: { here: "XDP_PASS", there: "XDP_DROP" } },
				},
			},
		]);
	});

	it("names no kernel as right in a tie, and reports missing facts", () => {
		const found = drift([ran("5.10", { a: 1 }), ran("6.1", { a: 1, b: null })]);
		expect(found.map(({ kernel, reason }) => [kernel, reason?.message])).toEqual([
			["6.1", "f/v: 5.10 and 6.1 give different results: b is absent on 5.10, null on 6.1"],
		]);
		const [first, ...others] = drift([
			ran("5.10", { a: 1 }),
			ran("6.1", { a: 1 }),
			ran("6.12", { a: 2 }),
			ran("7.3", { a: 2 }),
			ran("7.2", { a: 3 }),
		]);
		expect(first?.reason?.message).toBe(
			"f/v: 5.10, 6.1 and 6.12 give different results: a is 1 on 5.10, 6.1, 2 on 6.12",
		);
		expect(others.map(({ reason }) => reason?.message)).toEqual([
			"f/v: 5.10, 6.1 and 7.3 give different results: a is 1 on 5.10, 6.1, 2 on 7.3",
			"f/v: 7.2 gives another result than 5.10, 6.1: a is 3, not 1",
		]);
	});

	it("keeps packages and cases apart", () => {
		expect(
			drift([
				ran("5.10", { a: 1 }),
				ran("6.1", { a: 2 }, { package: "q" }),
				ran("6.1", { a: 3 }, { case: "f/w" }),
			]),
		).toEqual([]);
	});
});
