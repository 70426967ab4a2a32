// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, Outcome, Reason, Results } from "../results/results.js";
import { caseName, groupBy, key, outcomeOrder } from "./cells.js";

/** One reason of one package, with every case and every kernel that it explains: all of `cases` on all of `kernels`. */
export interface ReasonEntry {
	package: string;
	outcome: Outcome;
	reason: Reason;
	cases: string[];
	kernels: string[];
	/** The first result that has it: its evidence stands for the rest. */
	example: CaseResult;
}

/**
 * The reasons of everything that is not a pass, the worst outcome first. Kernels that give the same reason for the same
 * case share an entry, and so do cases that have the same reason on the same kernels.
 */
export function reasonEntries(results: Results): ReasonEntry[] {
	const explained = results.results.flatMap((result) =>
		result.outcome === "pass" ? [] : [{ result, reason: result.reason ?? unexplained(result) }],
	);
	const byCase = groupBy(explained, ({ result, reason }) => key(same(result, reason), caseName(result)));
	const entries = [...byCase.values()].map((group) => {
		const { result, reason } = group[0]!;
		const kernels = [...new Set(group.map((item) => item.result.kernel))];
		return { result, reason, kernels };
	});
	const merged = groupBy(entries, ({ result, reason, kernels }) => key(same(result, reason), ...kernels));
	return [...merged.values()]
		.map((group) => {
			const { result, reason, kernels } = group[0]!;
			return {
				package: result.package,
				outcome: result.outcome,
				reason,
				cases: group.map((item) => caseName(item.result)),
				kernels,
				example: result,
			};
		})
		.sort((a, b) => outcomeOrder.indexOf(b.outcome) - outcomeOrder.indexOf(a.outcome));
}

function same(result: CaseResult, reason: Reason): string {
	return key(result.package, result.outcome, reason.code, reason.message, reason.hint);
}

/** A result that breaks the promise of a reason is shown, not hidden. */
function unexplained(result: CaseResult): Reason {
	return {
		code: "no-reason-given",
		message: `The ${result.check} check gave no reason.`,
		hint: "This is a bug in bpfgate; please report it with the results document.",
	};
}

/** `on all 6 kernels`, `on 5.10 and 6.1`. */
export function onKernels(kernels: string[], results: Results): string {
	if (results.kernels.length > 1 && kernels.length === results.kernels.length) {
		return `on all ${kernels.length} kernels`;
	}
	return `on ${listing(kernels)}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listing(words: string[]): string {
	if (words.length < 2) return words.join("");
	return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
