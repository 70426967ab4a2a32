// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { differing, disagreements, driftOf, type Facts } from "./drift.js";

function ran(kernel: string, actual: unknown, more: Partial<CaseResult> = {}): CaseResult {
	const base = { package: "p", check: "vectors", case: "f/v", outcome: "pass", duration_ms: 1 } as const;
	return { ...base, kernel, evidence: actual === undefined ? {} : { actual }, ...more };
}

/** What is said of a vector with these facts on each kernel, in each of its runs. */
function judged(runs: Record<string, readonly [Facts, ...Facts[]]>) {
	const first = Object.entries(runs).map(([kernel, [facts]]) => ({ kernel, facts }));
	const again = new Map(Object.entries(runs).map(([kernel, [, ...others]]) => [kernel, others]));
	return driftOf("f/v", first, again);
}

describe("disagreements", () => {
	it("are the cases that differ, whatever their outcome", () => {
		const same = { retval: "XDP_DROP", "maps/m[0]": 1 };
		const found = disagreements([
			...[ran("5.10", same), ran("6.1", { ...same }), ran("6.12", undefined, { outcome: "skip" })],
			...[ran("5.10", { a: 1 }, { case: "f/w" }), ran("6.1", { a: 2 }, { case: "f/w", outcome: "fail" })],
			ran("5.10", same, { case: "f/alone" }),
		]);
		expect([...found]).toEqual([
			[
				"f/w",
				[
					{ kernel: "5.10", facts: { a: 1 } },
					{ kernel: "6.1", facts: { a: 2 } },
				],
			],
		]);
	});

	it("include facts that a run lacks", () => {
		expect(differing([{ a: 1 }, { a: 1, b: null }])).toEqual(["b"]);
		expect(differing([{ a: [1] }, { a: [1] }, { a: [2] }])).toEqual(["a"]);
		expect(differing([])).toEqual([]);
	});
});

describe("drift", () => {
	it("names all kernels, and none of them as right", () => {
		const [drop, pass] = [{ retval: "XDP_DROP" }, { retval: "XDP_PASS" }];
		const found = judged({ "5.10": [pass, pass], "6.1": [drop, drop], "6.12": [drop, drop] });
		expect(found).toEqual({
			outcome: "fail",
			reason: {
				code: "vector-drift",
				message: "f/v: kernels give different results: retval is XDP_PASS on 5.10, XDP_DROP on 6.1 and 6.12",
				hint: expect.any(String),
			},
			evidence: {
				facts: {
					retval: [
						{ kernels: ["5.10"], value: "XDP_PASS" },
						{ kernels: ["6.1", "6.12"], value: "XDP_DROP" },
					],
				},
			},
		});
	});

	it("is not what one kernel does not repeat; the note says what to write", () => {
		const found = judged({
			"5.10": [
				{ "maps/t[0]": 10, "maps/n": 1 },
				{ "maps/t[0]": 11, "maps/n": 1 },
			],
			"6.1": [
				{ "maps/t[0]": 20, "maps/n": 1 },
				{ "maps/t[0]": 20, "maps/n": 1 },
			],
		});
		expect(found).toEqual({
			outcome: "pass",
			evidence: {
				facts: {},
				note: 'f/v: two runs on 5.10 differ in maps/t[0], so kernels are not compared there; add to the vector: volatile: ["maps/t[0]"]',
				volatile: ["maps/t[0]"],
			},
		});
	});

	it("is found beside noise", () => {
		const found = judged({
			"5.10": [
				{ t: 1, n: 1 },
				{ t: 2, n: 1 },
			],
			"6.1": [
				{ t: 3, n: 7 },
				{ t: 4, n: 7 },
			],
		});
		expect(found.outcome).toBe("fail");
		expect(found.reason?.message).toBe(
			'f/v: kernels give different results: n is 1 on 5.10, 7 on 6.1; besides, f/v: two runs on 5.10 and 6.1 differ in t, so kernels are not compared there; add to the vector: volatile: ["t"]',
		);
	});

	it("proposes all entries where keys vary, and all events", () => {
		const found = judged({
			"5.10": [
				{ "maps/h[1].a": 1, "events/e[0]": "01" },
				{ "maps/h[2].a": 1, "events/e[0]": "02" },
			],
			"6.1": [
				{ "maps/h[3].a": 1, "events/e[0]": "03" },
				{ "maps/h[4].a": 1, "events/e[0]": "04" },
			],
		});
		expect(found.outcome).toBe("pass");
		expect(found.evidence.volatile).toEqual(["events/e[*", "maps/h[*"]);
	});

	it("is an entry that one kernel always has and another never, though others vary", () => {
		const found = judged({
			"5.10": [{ "maps/h[1]": 1 }, { "maps/h[2]": 1 }],
			"6.1": [{ "maps/h[9]": 1 }, { "maps/h[9]": 1 }],
		});
		expect(found.reason?.message).toContain("maps/h[9] is absent on 5.10, 1 on 6.1; besides");
	});
});
