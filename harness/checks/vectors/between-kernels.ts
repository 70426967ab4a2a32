// SPDX-License-Identifier: Apache-2.0
import type { CaseResult } from "../../base/results.js";
import type { Package } from "../../data/package/package.js";
import { reason } from "../../data/reasons/registry/registry.js";
import { disagreements, driftOf, type Facts } from "../../data/vectors/drift.js";
import { suiteOf } from "../../data/vectors/suite.js";
import type { FindingBetween, FindingBody, Workbench } from "../../lab/check.js";
import { undecided } from "../../lab/findings.js";
import { runAgain } from "./second-look.js";

/**
 * Cases `drift/<case>`: vectors with different results on several kernels. Each runs again on each
 * of them first: what two runs on one kernel do not repeat is no difference between kernels.
 */
export async function* betweenKernels(
	pkg: Package,
	results: readonly CaseResult[],
	benchOf: (kernel: string) => Workbench,
): AsyncIterable<FindingBetween> {
	const disagreeing = disagreements(results);
	const suspects = suiteOf(pkg).vectors.filter((vector) => disagreeing.has(vector.case));
	const kernels = [...new Set([...disagreeing.values()].flatMap((runs) => runs.map(({ kernel }) => kernel)))];
	const looks = new Map<string, ReadonlyMap<string, readonly Facts[]>>();
	const lost = new Map<string, Omit<FindingBody, "evidence">>();
	for (const kernel of kernels) {
		const ran = ({ case: name }: { case: string }) =>
			disagreeing.get(name)?.some((run) => run.kernel === kernel) === true;
		const bench = benchOf(kernel);
		try {
			looks.set(kernel, await runAgain(bench, suspects.filter(ran)));
		} catch (cause) {
			lost.set(kernel, await bench.lost(cause));
			continue;
		}
		// The next kernel may need its place.
		await bench.spoil();
	}
	for (const [name, runs] of disagreeing) {
		const own = runs.map(({ kernel }) => kernel);
		const again = new Map(own.map((kernel) => [kernel, looks.get(kernel)?.get(name) ?? []] as const));
		const without = own.find((kernel) => again.get(kernel)?.length === 0);
		const body: FindingBody =
			without === undefined
				? driftOf(name, runs, again)
				: {
						...(lost.get(without) ??
							undecided(reason("drift-not-repeated", { vector: name, kernel: without }), {})),
						evidence: {},
					};
		yield { case: `drift/${name}`, kernels: own, ...body };
	}
}
