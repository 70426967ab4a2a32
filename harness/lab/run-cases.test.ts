// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import type { Finding } from "./check.js";
import { type CaseGroup, runCases } from "./run-cases.js";
import { benchOf } from "./testbench.js";

const kernel = { id: "6.12" } as Kernel;
const pass = (name: string): Finding => ({ case: name, outcome: "pass", evidence: {} });
const died = new UndecidedError("guest-died", "the guest is gone", "look at its console");
const loss = { outcome: "error", reason: { code: "guest-died", message: "m", hint: "h" } } as const;

interface Disturbance {
	/** Cases that get a finding before anything happens. */
	found?: string[];
	thrown?: unknown;
	left?: string[];
	lostWhileSettling?: boolean;
}

async function outcomes(disturbance: Disturbance, more: Partial<CaseGroup> = {}): Promise<string[]> {
	const { found = ["a", "b"], thrown, left = [], lostWhileSettling } = disturbance;
	let spoiled = false;
	const bench = benchOf(kernel, () => Promise.reject(new Error("no guest is needed")), {
		leftovers: async () => {
			if (lostWhileSettling) throw died;
			return left;
		},
		lost: async () => loss,
		spoil: async () => {
			spoiled = true;
		},
	});
	const group: CaseGroup = {
		cases: ["a", "b"],
		after: "all of x.o was unloaded",
		async *run() {
			for (const name of found) yield pass(name);
			if (thrown !== undefined) throw thrown;
		},
		...more,
	};
	const lines: string[] = [];
	for await (const { case: name, outcome, reason, duration_ms } of runCases(bench, group)) {
		expect(duration_ms).toBeGreaterThanOrEqual(0);
		lines.push(`${name} ${outcome}${reason ? ` ${reason.code}` : ""}`);
	}
	const isKnown = group.known?.(thrown) !== undefined;
	const retires = group.spoils === true || group.alone === true;
	expect(spoiled).toBe(isKnown || (retires && thrown === undefined && !lostWhileSettling));
	return lines;
}

describe("a group of cases", () => {
	it("gives each case its finding", async () => {
		expect(await outcomes({})).toEqual(["a pass", "b pass"]);
	});

	it("reports a case without a finding as an error", async () => {
		expect(await outcomes({ found: ["a"] })).toEqual(["a pass", "b error no-finding"]);
	});

	it("passes on findings of cases that were not announced", async () => {
		expect(await outcomes({ found: ["a", "b", "c"] })).toEqual(["a pass", "b pass", "c pass"]);
	});

	it("ends only the open cases when the guest is lost", async () => {
		expect(await outcomes({ found: ["a"], thrown: died })).toEqual(["a pass", "b error guest-died"]);
	});

	it("reports a guest that is lost after the last case", async () => {
		expect(await outcomes({ thrown: died })).toEqual(["a pass", "b pass", "leftovers error guest-died"]);
	});

	it("reports a guest that is lost while leftovers settle", async () => {
		expect(await outcomes({ lostWhileSettling: true }, { leftovers: "leftovers/x.o" })).toEqual([
			"a pass",
			"b pass",
			"leftovers/x.o error guest-died",
		]);
	});

	it("reports what stays in the guest", async () => {
		expect(await outcomes({ left: ["pin: /sys/fs/bpf/x"] })).toEqual([
			"a pass",
			"b pass",
			"leftovers fail leftovers",
		]);
	});

	it("takes an exception that stands for a result as that result", async () => {
		const reason = { code: "not-loaded", message: "m", hint: "h" };
		const known = (cause: unknown) =>
			cause === "refused" ? ({ outcome: "skip", reason, evidence: {} } as const) : undefined;
		expect(await outcomes({ found: [], thrown: "refused" }, { known })).toEqual([
			"a skip not-loaded",
			"b skip not-loaded",
		]);
		expect(await outcomes({ found: [], thrown: died }, { known })).toEqual([
			"a error guest-died",
			"b error guest-died",
		]);
	});

	it("gives the loss to the cases that caused it, and runs the others again", async () => {
		const rest = async function* () {
			yield pass("c");
		};
		const next: CaseGroup = { cases: ["c"], after: "c ran", run: rest };
		const more: Partial<CaseGroup> = {
			cases: ["a", "b", "c"],
			continued: () => ({ blamed: ["b"], next }),
		};
		expect(await outcomes({ found: ["a"], thrown: died }, more)).toEqual([
			"a pass",
			"b error guest-died",
			"c pass",
		]);
		const verdict = { outcome: "fail", reason: loss.reason, evidence: {} } as const;
		const judged: Partial<CaseGroup> = { cases: ["a", "b"], continued: () => ({ blamed: ["b"], verdict }) };
		expect(await outcomes({ found: ["a"], thrown: died }, judged)).toEqual(["a pass", "b fail guest-died"]);
		const none: Partial<CaseGroup> = { continued: () => undefined };
		expect(await outcomes({ found: [], thrown: died }, none)).toEqual([
			"a error guest-died",
			"b error guest-died",
		]);
	});

	it("shares the time of one piece of work among its cases", async () => {
		const bench = benchOf(kernel, () => Promise.reject(new Error("no guest is needed")));
		const shared = async (found: Finding[] | undefined) => {
			const durations: number[] = [];
			const group: CaseGroup = {
				cases: ["a", "b", "c"],
				after: "all of x.o was unloaded",
				async *run() {
					await new Promise((resolve) => setTimeout(resolve, 30));
					if (found) yield found;
				},
			};
			for await (const { duration_ms = 0 } of runCases(bench, group)) durations.push(duration_ms);
			return durations;
		};
		for (const durations of [await shared([pass("a"), pass("b"), pass("c")]), await shared(undefined)]) {
			expect(durations).toHaveLength(3);
			expect(new Set(durations).size).toBe(1);
			expect(durations[0]).toBeGreaterThan(5);
		}
	});

	it("keeps the time that a check measured itself", async () => {
		const bench = benchOf(kernel, () => Promise.reject(new Error("no guest is needed")));
		const run = async function* () {
			yield [{ ...pass("a"), duration_ms: 7 }, pass("b")];
		};
		const durations: (number | undefined)[] = [];
		for await (const { duration_ms } of runCases(bench, { cases: ["a", "b"], after: "x", run }))
			durations.push(duration_ms);
		expect(durations[0]).toBe(7);
	});

	it("retires a guest that it changed permanently, and does not count what it left", async () => {
		expect(await outcomes({ left: ["link: x"] }, { spoils: true })).toEqual(["a pass", "b pass"]);
	});

	it("retires a guest in which the agent may have been deceived, and counts what was left", async () => {
		expect(await outcomes({}, { alone: true })).toEqual(["a pass", "b pass"]);
		expect(await outcomes({ left: ["link: x"] }, { alone: true })).toEqual([
			...["a pass", "b pass"],
			"leftovers fail leftovers",
		]);
	});
});
