// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { CaseResult, Outcome } from "../../../base/results.js";
import { documentOf } from "../../../base/testresults.js";
import type { Package } from "../../../data/package/package.js";
import type { Check } from "../../../lab/check.js";
import type { Kernel } from "../../../machine/kernel/kernel.js";
import type { TestRequest } from "../../../run/demands.js";
import { checkByName } from "./by-name.js";

const packages = ["chained", "plain"].map((name) => ({ name }) as Package);
const suiting = (name: string, suits: Check["suits"]) => ({ name, suits }) as Check;
const checks = [
	suiting("load", () => true),
	suiting("chain", ({ name }) => name === "chained"),
	suiting("token", () => false),
];

async function named(outcome: Outcome, interrupted = false) {
	const asked: string[] = [];
	async function* run(request: TestRequest) {
		const [check] = request.checks;
		const results = request.packages.map(({ name }): CaseResult => {
			asked.push(
				`${name} ${check!.name} ${request.named} ${request.allowEmpty} on ${request.kernels.map(({ id }) => id)}`,
			);
			const reason = { code: "guest-lost", message: "the guest ended", hint: "run again" };
			return {
				package: name,
				kernel: "7.3",
				check: check!.name,
				case: "a",
				outcome,
				reason,
				duration_ms: 1,
				evidence: {},
			};
		});
		const document = documentOf(results);
		yield { type: "run-end" as const, results: { ...document, run: { ...document.run, interrupted } } };
	}
	const kernels = ["5.10", "6.12", "7.3"].map((id) => ({ id }) as Kernel);
	const request = { packages, kernels, jobs: 1, signal: new AbortController().signal };
	return { asked, found: await checkByName({ checks, run }, request) };
}

it("runs each check on the packages that it does not suit, and takes every outcome but error", async () => {
	for (const outcome of ["pass", "fail", "skip"] as const)
		expect(await named(outcome)).toEqual({
			asked: [
				"plain chain true true on 5.10,7.3",
				"chained token true true on 5.10,7.3",
				"plain token true true on 5.10,7.3",
			],
			found: { cases: 3, errors: [], interrupted: false },
		});
});

it("names each error, and stops when the run was interrupted", async () => {
	const { found } = await named("error");
	expect(found.errors).toHaveLength(3);
	expect(found.errors[0]).toBe("plain on 7.3: chain/a, by name: error (guest-lost): the guest ended");
	const stopped = await named("pass", true);
	expect(stopped.asked).toEqual(["plain chain true true on 5.10,7.3"]);
	expect(stopped.found.interrupted).toBe(true);
});
