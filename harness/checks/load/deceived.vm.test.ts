// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageOf } from "./testload.js";

const testdata = join(import.meta.dirname, "../../machine/vm/view/testdata");
const kernels = ["5.10", "6.12", "7.3"];

async function results(): Promise<readonly CaseResult[]> {
	const document = await resultsOf({
		packages: await Promise.all(
			["lying-tracer", "honest-tracer"].map((name) => packageOf(join(testdata, name))),
		),
		kernels,
		checks: [loadCheck],
	});
	return document.results;
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
