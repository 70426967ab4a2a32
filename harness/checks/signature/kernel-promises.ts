// SPDX-License-Identifier: Apache-2.0
import { reason, reasonSaying } from "../../data/reasons/registry/registry.js";
import type { Finding, FindingBody, Workbench } from "../../lab/check.js";
import { failed, passed, skipped } from "../../lab/findings.js";
import { broken, type KernelPromise } from "../../lab/promise.js";
import { runCases } from "../../lab/run-cases.js";

/** The case that cites what the kernel was seen to promise about signatures. */
export const kernelPromises = "kernel-promises";

/**
 * Fails where the kernel breaks a promise about signatures, on which every signed package relies.
 */
export function kernelPromisesFinding(bench: Workbench): AsyncIterable<Finding> {
	return runCases(bench, {
		cases: [kernelPromises],
		after: "the kernel was asked for its promises",
		async *run() {
			const promises = await bench.promises("signatures");
			yield { case: kernelPromises, ...cited(bench.kernel.id, promises) };
		},
	});
}

function cited(kernel: string, promises: readonly KernelPromise[]): FindingBody {
	const [first, ...more] = broken(promises);
	const weak = promises.filter(({ weakness }) => weakness !== undefined).map(({ name }) => name);
	const kept = promises.filter((promise) => promise.kept);
	const evidence = { promises: kept.length, weak };
	if (first) {
		const { name, promise, expected, seen } = first;
		const facts = { kernel, area: "signatures", name, promise, expected, seen, more: more.length };
		const names = [first, ...more].map((each) => each.name);
		return failed(reason("kernel-promise-broken", facts), { ...evidence, broken: names });
	}
	const lack = promises.find((promise) => promise.lack !== undefined)?.lack;
	return kept.length === 0 && lack !== undefined
		? skipped(reasonSaying("feature-unsupported", lack), evidence)
		: passed(evidence);
}
