// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { openKernel } from "../../machine/kernel/store.js";
import { testPackages } from "../../run/test-packages.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

const testdata = join(import.meta.dirname, "../../machine/vm/view/testdata");
const kernels = ["5.10", "6.12", "7.3"];

async function results(): Promise<readonly CaseResult[]> {
	const request = {
		packages: await Promise.all(
			["lying-tracer", "honest-tracer"].map((name) => packageOf(join(testdata, name))),
		),
		kernels: await Promise.all(kernels.map((id) => openKernel(id))),
		checks: [loadCheck],
		jobs: 2,
		signal: new AbortController().signal,
	};
	for await (const event of testPackages(request)) if (event.type === "run-end") return event.results.results;
	throw new Error("the run did not end");
}

it("a program that hides from the agent is found, and one that only traces is not", async () => {
	const all = await results();
	const failures = all.filter(({ outcome }) => outcome !== "pass");
	expect(
		failures.map(({ package: name, kernel, case: of, reason }) => [name, kernel, of, reason?.code]),
	).toEqual(kernels.map((id) => ["lying-tracer", id, "leftovers/lying-tracer.bpf.o", "agent-deceived"]));
	for (const { reason } of failures)
		expect(reason?.message).toMatch(
			/the kernel has program hide \(id \d+, raw_tracepoint, tag [0-9a-f]{16}\), which BPF_PROG_GET_NEXT_ID does not show; the kernel has link \(id \d+, raw_tracepoint\), which BPF_LINK_GET_NEXT_ID does not show$/,
		);
	expect(all.filter(({ package: name }) => name === "honest-tracer")).toHaveLength(2 * kernels.length);
});
