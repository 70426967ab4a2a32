// SPDX-License-Identifier: Apache-2.0
import { expect, it, vi } from "vitest";
import type { Results } from "../base/results.js";
import type { Finding } from "../lab/check.js";
import { run } from "./run.js";
import { kernel, pkg, TestGuests } from "./testguest.js";

const pass = (name: string): Finding => ({ case: name, outcome: "pass", evidence: {} });

async function results(cases: () => AsyncIterable<Finding>): Promise<Results> {
	const create = () => ({ cases: () => ["a", "b"], run: cases });
	for await (const event of run({
		packages: [pkg("one")],
		kernels: [kernel("5.10")],
		checks: [{ name: "load", summary: "a check of this test", suits: () => true, create }],
		jobs: 1,
		guests: new TestGuests(),
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
		host: { bpfgate: "0", accelerator: "tcg", qemu: "none" },
	}))
		if (event.type === "run-end") return event.results;
	throw new Error("the run did not end");
}

it.each([-86_400_000, 86_400_000])("keeps its times when the host's clock is set by %i ms", async (jump) => {
	const real = Date.now();
	vi.useFakeTimers({ toFake: ["Date"], now: real });
	try {
		const jumping = async function* (): AsyncIterable<Finding> {
			vi.setSystemTime(Date.now() + jump);
			yield pass("a");
			vi.setSystemTime(Date.now() + jump);
			yield pass("b");
		};
		const { run: about, results: found } = await results(jumping);
		expect(found.map(({ outcome }) => outcome)).toEqual(Array(2).fill("pass"));
		for (const { duration_ms } of found) {
			expect(duration_ms).toBeGreaterThanOrEqual(0);
			expect(duration_ms).toBeLessThan(3_600_000);
		}
		const took = Date.parse(about.finished) - Date.parse(about.started);
		expect(took).toBeGreaterThanOrEqual(0);
		expect(took).toBeLessThan(3_600_000);
	} finally {
		vi.useRealTimers();
	}
});
