// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Results } from "../base/results.js";
import { type ReasonEntry, reasonEntries } from "./reasons.js";

/** What counts as passed because `expect.failures` of a manifest announces the failure. */
export function announcedEntries(results: Results): ReasonEntry[] {
	const failures = results.results.flatMap(({ announced, ...result }): CaseResult[] =>
		announced ? [{ ...result, outcome: "fail", reason: announced }] : [],
	);
	return reasonEntries({ ...results, results: failures });
}

export const announcedTitle = "Failed as the manifest announces (expect.failures), and counted as passed:";
