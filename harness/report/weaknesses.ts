// SPDX-License-Identifier: Apache-2.0

import { listing } from "../base/listing.js";
import { printable } from "../base/printable.js";
import type { Results } from "../base/results.js";
import { onKernels } from "./reasons.js";

/** What passed as the kernel promises, while that is not safe: sentences, cases, kernels. */
export function weaknesses(results: Results): string[] {
	const found = new Map<string, { cases: Set<string>; kernels: Set<string> }>();
	for (const { check, case: name, kernel, outcome, evidence } of results.results) {
		const { safe, weakness } = evidence;
		if (outcome !== "pass" || safe !== false || typeof weakness !== "string") continue;
		const entry = found.get(weakness) ?? { cases: new Set(), kernels: new Set() };
		entry.cases.add(`${check}/${name}`);
		entry.kernels.add(kernel);
		found.set(weakness, entry);
	}
	return [...found].map(([weakness, { cases, kernels }]) => {
		const where = onKernels([...kernels].map(printable), results);
		return `${listing([...cases].map(printable))} ${where}: ${printable(weakness)}`;
	});
}
