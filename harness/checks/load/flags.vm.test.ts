// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../../base/results.js";
import { resultsOf } from "../../run/testrun.js";
import { loadCheck } from "./load-check.js";
import { packageOf, said } from "./testload.js";

const programs = {
	strict: { flags: ["strict_alignment"] },
	any: { flags: ["any_alignment"] },
	with_frags: { flags: ["xdp_has_frags"] },
	invariants: { flags: ["test_reg_invariants", "strict_alignment"] },
	tested: { flags: ["test_rnd_hi32", "test_state_freq"], log_level: 4 },
	sleeping: { flags: ["sleepable"] },
	silent: { log_level: 0 },
	with_instructions: { log_level: 2 },
	asleep: { flags: ["sleepable"] },
};

async function results(kernels: readonly string[]): Promise<CaseResult[]> {
	const document = await resultsOf({
		packages: [await packageOf("flags", {}, { programs })],
		kernels,
		checks: [loadCheck],
	});
	return document.results;
}

describe("flags and log levels of the manifest", async () => {
	const all = await results(["5.10", "7.3"]);
	const of = (kernel: string, name: string) =>
		all.find((result) => result.kernel === kernel && result.case === `program/${name}`);
	const line = (kernel: string, name: string) => {
		const result = of(kernel, name);
		return result && said(result);
	};
	const lines = (kernel: string) =>
		Object.fromEntries(
			["lenient", "frags_by_section", "awake", ...Object.keys(programs)].map((name) => [
				name,
				line(kernel, name),
			]),
		);
	const always = {
		lenient: "pass",
		any: "pass",
		tested: "pass",
		silent: "pass",
		with_instructions: "pass",
		asleep: "pass",
	};

	it("5.10: decide the verdict, and one that it does not know is named", () => {
		expect(lines("5.10")).toEqual({
			...always,
			strict: "fail misaligned",
			awake: "fail helper-not-allowed",
			with_frags: "fail flag-unsupported",
			frags_by_section: "fail flag-unsupported",
			invariants: "fail flag-unsupported",
			sleeping: "fail attach-target-not-allowed",
		});
		expect(of("5.10", "invariants")?.reason?.message).toBe(
			"program invariants is loaded with BPF_F_TEST_REG_INVARIANTS, which this kernel does not know (EINVAL)",
		);
	});

	it("7.3: decide the verdict", () => {
		expect(lines("7.3")).toEqual({
			...always,
			strict: "fail misaligned",
			awake: "fail sleepable-in-atomic",
			with_frags: "pass",
			frags_by_section: "pass",
			invariants: "pass",
			sleeping: "fail attach-target-not-allowed",
		});
	});

	it.each(["5.10", "7.3"])("%s: the log is in the evidence, as the manifest wants it", (kernel) => {
		const logOf = (name: string) => of(kernel, name)?.evidence.verifier_log;
		expect(logOf("lenient")).toBeUndefined();
		expect(logOf("silent")).toBe("");
		expect(of(kernel, "silent")?.evidence).not.toHaveProperty("insns_processed");
		expect(logOf("tested")).toMatch(/^verification time.*\nstack depth.*\nprocessed \d+ insns/s);
		expect(logOf("with_instructions")).toMatch(/0: \(b[47]\) /);
	});
});
