// SPDX-License-Identifier: Apache-2.0

import { printable } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { caseName, groupBy, kernelsOf } from "./cells.js";
import { onKernels } from "./reasons.js";

/** What a passed case says all the same. */
export function noteOf({ outcome, evidence: { note } }: CaseResult): string | undefined {
	return outcome === "pass" && typeof note === "string" ? note : undefined;
}

/** What passed cases say all the same (`note` of their evidence): a sentence for each. */
export function notes(results: Results): string[] {
	const told = results.results.flatMap((result) => {
		const note = noteOf(result);
		return note === undefined ? [] : [{ result, note }];
	});
	const groups = groupBy(told, ({ result, note }) =>
		JSON.stringify([result.package, caseName(result), note]),
	);
	return [...groups.values()].map((group) => {
		const { result, note } = group[0]!;
		const kernels = [...new Set(group.flatMap((each) => kernelsOf(each.result)))];
		const where = onKernels(kernels.map(printable), results);
		return `${printable(`${result.package}: ${caseName(result)}`)} ${where}: ${printable(note)}`;
	});
}
