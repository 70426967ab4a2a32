// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import type { Results } from "../base/results.js";
import { openPackage, type Package } from "../data/package/package.js";
import type { Check } from "../lab/check.js";
import { type RunOptions, run } from "./run.js";
import { kernel, TestGuests } from "./testguest.js";

const pkg: Package = await openPackage(
	fileURLToPath(new URL("../../programs/signed-filter", import.meta.url)),
);
/** One whose verdicts come of the cells, and of a comparison of kernels. */
const check: Check = {
	name: "vectors",
	summary: "a check of this test",
	suits: () => true,
	create: () => ({
		cases: () => ["a"],
		async *run(_, bench) {
			await bench.guest();
			yield { case: "a", outcome: "pass", evidence: {} };
		},
		async *across(_pkg, _found, benchOf) {
			await benchOf("6.1").guest();
			yield { kernels: ["5.10", "6.1"], case: "b", outcome: "pass", evidence: {} };
		},
	}),
};
const distrust = async ({ id }: { id: string }) => {
	if (id === "6.1") throw new UndecidedError("self-check-failed", "known verdicts are wrong", "Report it.");
};

let guests: TestGuests;
let options: RunOptions;
beforeEach(() => {
	guests = new TestGuests();
	options = {
		packages: [pkg],
		kernels: [kernel("6.1")],
		checks: [check],
		jobs: 1,
		guests,
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
		host: { bpfgate: "0", accelerator: "tcg", qemu: "none" },
		assertTrust: distrust,
	};
});

async function verdicts(more: Partial<RunOptions> = {}): Promise<string[]> {
	let results: Results["results"] = [];
	for await (const event of run({ ...options, ...more }))
		if (event.type === "run-end") ({ results } = event.results);
	return results.map((each) => `${each.case} ${each.outcome} ${each.reason?.code}`);
}

describe("a kernel that gives a wrong known verdict", () => {
	it("lends no guest: not to a cell, not to a comparison, not to --explore", async () => {
		const explored = await verdicts({ explore: { mutants: 3, seed: 1 } });
		expect(guests.acquired).toBe(0);
		expect(explored).toContain("a error self-check-failed");
		expect(explored.filter((each) => each.startsWith("explore/")).length).toBeGreaterThan(0);
		expect(explored).toContain("unfinished error self-check-failed");
		expect(explored.filter((each) => !each.endsWith("error self-check-failed"))).toEqual([]);
	});

	it("is no reason to distrust another", async () => {
		expect(await verdicts({ kernels: [kernel("5.10")], checks: [{ ...check, create: alone }] })).toEqual([
			"a pass undefined",
		]);
		expect(guests.acquired).toBe(1);
	});
});

const alone: Check["create"] = (context) => {
	const { across: _, ...rest } = check.create(context);
	return rest;
};
