// SPDX-License-Identifier: Apache-2.0
import { printable } from "../base/printable.js";
import type { Results } from "../base/results.js";
import { groupBy } from "./cells.js";
import { casesOf, onKernels, type ReasonEntry, reasonEntries } from "./reasons.js";

/** Longest list of cases in one sentence. */
const maxCases = 60;

/**
 * The most telling failures, a sentence for each: one of each check first, then others, each of
 * another package as far as there are any.
 */
export function tellingFailures(results: Results, most: number): string[] {
	const failures = reasonEntries(results).filter(({ outcome }) => outcome === "fail");
	const chosen: ReasonEntry[] = [];
	const take = (entries: Iterable<ReasonEntry>) => {
		for (const entry of entries) {
			const known = chosen.some((other) => other.package === entry.package || other === entry);
			if (chosen.length < most && !known) chosen.push(entry);
		}
	};
	const byCheck = groupBy(failures, ({ example }) => example.check);
	for (const [, entries] of byCheck) {
		const fresh = entries.find((entry) => !chosen.some((other) => other.package === entry.package));
		take(fresh ? [fresh] : []);
	}
	take(failures);
	return chosen.map((entry) => sentence(entry, results));
}

function sentence(entry: ReasonEntry, results: Results): string {
	const all = casesOf(entry, results);
	const cases = all.length > maxCases ? `${entry.cases[0]} and ${entry.cases.length - 1} more` : all;
	const kernels = onKernels(entry.kernels, results);
	const [first] = entry.wordings;
	return printable(`${entry.package}, ${cases} ${kernels}: ${first?.message ?? entry.code}`);
}
