// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "../machine/kernel/kernel.js";
import type { SelftestResult } from "./selftest-run.js";

/** Least share of programs that must agree, and largest share of `rejected` among the failures. */
export const leastAgreement = 0.99;
export const mostCatchAll = 0.02;

/** What a run over the selftests of one kernel showed. */
export interface SelftestSummary {
	/** For a terminal. */
	lines: string[];
	/** Enough programs agree, every disagreement is explained, and few reasons say nothing. */
	sound: boolean;
}

/**
 * @param explained reasons of known disagreements, by `object/program` or `object/*`
 */
export function summaryOf(
	kernel: Pick<Kernel, "id" | "release">,
	results: readonly SelftestResult[],
	{ objects, uncompiled }: { objects: readonly string[]; uncompiled: Readonly<Record<string, string>> },
	explained: Readonly<Record<string, string>>,
): SelftestSummary {
	const disagreeing = results.filter(({ loads, outcome }) => outcome !== (loads ? "pass" : "fail"));
	const used = new Set<string>();
	const why = ({ name }: SelftestResult) => {
		const key = [name, `${name.split("/", 1)[0]}/*`].find((each) => each in explained);
		if (key !== undefined) used.add(key);
		return key === undefined ? undefined : explained[key];
	};
	const unexplained = disagreeing.filter((result) => why(result) === undefined);
	const stale = Object.keys(explained).filter((key) => !used.has(key));
	const failing = results.filter(({ outcome }) => outcome === "fail");
	const codes = new Map<string, number>();
	for (const { code = "none" } of failing) codes.set(code, (codes.get(code) ?? 0) + 1);
	const catchAll = codes.get("rejected") ?? 0;
	const agreement = share(results.length - disagreeing.length, results.length);
	const lines = [
		`kernel ${kernel.id} (${kernel.release}): ${objects.length} objects, ${results.length} annotated programs`,
		`agree: ${results.length - disagreeing.length} (${percent(agreement)}), explained: ${disagreeing.length - unexplained.length}, unexplained: ${unexplained.length}`,
		...Object.entries(uncompiled).map(([source, error]) => `  not compiled: ${source}: ${error}`),
		...disagreeing.map((result) => {
			const { name, loads, outcome, code, message } = result;
			const found = `expected ${loads ? "pass" : "fail"}, found ${outcome}${code ? ` (${code}: ${message})` : ""}`;
			return `  ${name}: ${found}: ${why(result) ?? "NOT EXPLAINED"}`;
		}),
		...stale.map((key) => `  ${key}: explained, but nothing disagrees`),
		`reasons of ${failing.length} failures, catch-all ${percent(share(catchAll, failing.length))}:`,
		...[...codes]
			.sort(([, a], [, b]) => b - a)
			.map(([code, count]) => `  ${String(count).padStart(5)} ${code}`),
	];
	const sound =
		agreement >= leastAgreement &&
		unexplained.length === 0 &&
		share(catchAll, failing.length) <= mostCatchAll;
	return { lines, sound };
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
