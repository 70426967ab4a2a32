// SPDX-License-Identifier: Apache-2.0
import {
	between,
	type CaseResult,
	isOtherVariant,
	type Outcome,
	type PackageRecord,
	type Results,
} from "../base/results.js";

/** From best to worst: a failure outranks an error. */
export const outcomeOrder: readonly Verdict[] = ["pass", "skip", "announced", "error", "fail"];

/** The worst of some verdicts; undefined without any, which is not a pass. */
export function worst(verdicts: Iterable<Verdict>): Verdict | undefined {
	let rank = -1;
	for (const verdict of verdicts) rank = Math.max(rank, outcomeOrder.indexOf(verdict));
	return outcomeOrder[rank];
}

/** `announced`: a failure that `expect.failures` of the manifest names, which counts as passed. */
export type Verdict = Outcome | "announced";

export function verdictOf({ outcome, announced }: Pick<CaseResult, "outcome" | "announced">): Verdict {
	return announced ? "announced" : outcome;
}

/** `partial`: passes and skips; `inapplicable`: no such case; `unfinished`: interrupted before. */
export type Cell = Verdict | "partial" | "inapplicable" | "unfinished";

export const cellWords: Readonly<Record<Cell, string>> = {
	pass: "pass",
	partial: "pass, some skipped",
	announced: "fail, as the manifest announces",
	fail: "fail",
	skip: "skip",
	error: "error",
	inapplicable: "not applicable",
	unfinished: "interrupted",
};

/** Signs of a matrix; `alike` is nothing to say between kernels. */
export const signs: Readonly<Record<Cell | "alike", string>> = {
	pass: "✓",
	partial: "✓–",
	announced: "(✗)",
	fail: "✗",
	skip: "–",
	error: "!",
	inapplicable: "·",
	unfinished: "?",
	alike: "",
};

export const legend = Object.entries(cellWords)
	.map(([cell, words]) => `${signs[cell as Cell]} ${words}`)
	.join(", ");

/** The worst of some verdicts, but `partial` for passes and skips; undefined without any. */
export function cellOf(verdicts: Iterable<Verdict>): Cell | undefined {
	const seen = new Set(verdicts);
	const most = worst(seen);
	return most === "skip" && seen.has("pass") ? "partial" : most;
}

/** Columns of a matrix: kernel ids, then `between` if there are results about several of them. */
export function columns(results: Results): string[] {
	const several = results.results.some(({ kernel }) => kernel === between);
	return [...results.kernels.map(({ id }) => id), ...(several ? [between] : [])];
}

/** Ids of the kernels that a result is about. */
export const kernelsOf = ({ kernel, kernels = [kernel] }: CaseResult): readonly string[] => kernels;

/** One line of a matrix: its label, and a cell for each of its columns. */
export interface Row {
	label: string;
	cells: (Cell | "alike")[];
}

/** Cells that an interrupted run did not complete; `key` of package and kernel. */
function unfinishedCells({ run, packages, kernels }: Results): Set<string> {
	if (!run.interrupted) return new Set();
	const all = packages.flatMap(({ name }) => kernels.map(({ id }) => ({ package: name, kernel: id })));
	return new Set((run.unfinished ?? all).map((cell) => key(cell.package, cell.kernel)));
}

/** `xdp-filter 1.0.0`; the name alone for an object without a manifest. */
export function packageLabel({ name, version }: PackageRecord): string {
	return version === undefined ? name : `${name} ${version}`;
}

const absentIn = (column: string): Row["cells"][number] => (column === between ? "alike" : "inapplicable");

/** Packages down, kernels across. */
export function packageRows(results: Results): Row[] {
	const cases = groupBy(results.results, (result) => key(result.package, result.kernel));
	const unfinished = unfinishedCells(results);
	return results.packages.map((record) => ({
		label: packageLabel(record),
		cells: columns(results).map((id) => {
			const place = key(record.name, id);
			const own = (cases.get(place) ?? []).filter((result) => !isOtherVariant(result));
			const seen = cellOf(own.map(verdictOf));
			if (seen === "fail" || seen === "error") return seen;
			return unfinished.has(place) ? "unfinished" : (seen ?? absentIn(id));
		}),
	}));
}

/** Cases of one package down, kernels across, in the order of the first reports. */
export function caseRows(results: Results, packageName: string): Row[] {
	const own = results.results.filter((result) => result.package === packageName);
	const unfinished = unfinishedCells(results);
	return [...groupBy(own, caseName)].map(([label, cases]) => ({
		label,
		cells: columns(results).map(
			(id) =>
				cellOf(cases.filter((result) => result.kernel === id).map(verdictOf)) ??
				(unfinished.has(key(packageName, id)) ? "unfinished" : absentIn(id)),
		),
	}));
}

/** `load/program/filter`: check and case. */
export function caseName(result: CaseResult): string {
	return `${result.check}/${result.case}`;
}

/** How many cases had each verdict. */
export function tally(results: Results): Record<Verdict, number> {
	const count = { pass: 0, fail: 0, skip: 0, error: 0, announced: 0 };
	for (const result of results.results) count[verdictOf(result)]++;
	return count;
}

/** `12 passed, 1 failed, 3 skipped, 0 errors`, and `2 failed as announced` if there are any. */
export function tallyLine(results: Results): string {
	const count = tally(results);
	const announced = count.announced > 0 ? `, ${count.announced} failed as announced` : "";
	return `${count.pass} passed, ${count.fail} failed${announced}, ${count.skip} skipped, ${count.error} error${count.error === 1 ? "" : "s"}`;
}

export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
	const groups = new Map<string, T[]>();
	for (const item of items) {
		const group = groups.get(keyOf(item));
		if (group) group.push(item);
		else groups.set(keyOf(item), [item]);
	}
	return groups;
}

/** A map key that differs for different names, whatever characters they contain. */
export function key(...parts: string[]): string {
	return JSON.stringify(parts);
}
