// SPDX-License-Identifier: Apache-2.0
import { printable } from "../base/printable.js";
import type { Results } from "../base/results.js";
import { groupBy } from "./cells.js";
import { casesOf, onKernels, type ReasonEntry, reasonEntries } from "./reasons.js";

/** Longest list of cases in one sentence. */
const maxCases = 60;

/** The most telling failures, a sentence each: one of each check and package, then others. */
export function tellingFailures(results: Results, most: number): string[] {
	const failures = reasonEntries(results).filter(({ outcome }) => outcome === "fail");
	const chosen: ReasonEntry[] = [];
	const take = (entries: readonly ReasonEntry[], samePackage = false) => {
		const fresh = (entry: ReasonEntry) =>
			!chosen.some((other) => other === entry || (!samePackage && other.package === entry.package));
		const found = entries.find(fresh);
		if (found && chosen.length < most) chosen.push(found);
		return found;
	};
	const byCheck = groupBy(failures, ({ example }) => example.check);
	for (const [, entries] of byCheck) take(entries) ?? take(entries, true);
	while (chosen.length < most && (take(failures) ?? take(failures, true)));
	return chosen.map((entry) => sentence(entry, results));
}

function sentence(entry: ReasonEntry, results: Results): string {
	const all = casesOf(entry, results);
	const cases = all.length > maxCases ? `${entry.cases[0]} and ${entry.cases.length - 1} more` : all;
	const kernels = onKernels(entry.kernels, results);
	const [first] = entry.wordings;
	return printable(`${entry.package}, ${cases} ${kernels}: ${first?.message ?? entry.code}`);
}
