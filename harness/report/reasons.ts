// SPDX-License-Identifier: Apache-2.0

import { listing } from "../base/listing.js";
import type { CaseResult, Outcome, Reason, Results } from "../base/results.js";
import { reason } from "../data/reasons/registry/registry.js";
import { caseName, groupBy, kernelsOf as kernelsOfResult, key, outcomeOrder } from "./cells.js";

/** One reason of one package: it explains all of `cases` on all of `kernels`. */
export interface ReasonEntry {
	package: string;
	outcome: Outcome;
	code: string;
	hint: string;
	cases: string[];
	kernels: string[];
	/** The messages, which may differ from kernel to kernel, each with its kernels. */
	wordings: { message: string; kernels: string[] }[];
	/** The first result that has it: its evidence stands for the rest. */
	example: CaseResult;
	/** All that have it. */
	results: CaseResult[];
}

/** Reasons of what is not a pass, the worst first; equal ones share an entry. */
export function reasonEntries(results: Results): ReasonEntry[] {
	const explained = results.results.flatMap((result) =>
		result.outcome === "pass" ? [] : [{ result, reason: result.reason ?? unexplained(result) }],
	);
	const byCase = groupBy(explained, ({ result, reason }) =>
		key(result.package, result.outcome, reason.code, reason.hint, caseName(result)),
	);
	const entries = [...byCase.values()].map((group): ReasonEntry => {
		const { result, reason } = group[0]!;
		const kernelsOf = (some: typeof group) => [
			...new Set(some.flatMap(({ result }) => kernelsOfResult(result))),
		];
		return {
			package: result.package,
			outcome: result.outcome,
			code: reason.code,
			hint: reason.hint,
			cases: [caseName(result)],
			kernels: kernelsOf(group),
			wordings: [...groupBy(group, (item) => item.reason.message)].map(([message, some]) => ({
				message,
				kernels: kernelsOf(some),
			})),
			example: result,
			results: group.map((item) => item.result),
		};
	});
	const merged = groupBy(entries, ({ cases, example, results: _, ...same }) =>
		JSON.stringify(same, (_key, value) => (typeof value === "string" ? withoutName(value, example) : value)),
	);
	return [...merged.values()]
		.map((group) => ({
			...group[0]!,
			cases: group.flatMap(({ cases }) => cases),
			results: group.flatMap((entry) => entry.results),
			wordings: group[0]!.wordings.map(({ message, kernels }) => ({
				message: group.length === 1 ? message : ofEach(message, group[0]!.example, group.length),
				kernels,
			})),
		}))
		.sort((a, b) => outcomeOrder.indexOf(b.outcome) - outcomeOrder.indexOf(a.outcome));
}

/** Stands for the name of the program or map that a case is about. */
const own = "\0";

/** The text of a load case without the name of its program or map; other checks show each case. */
function withoutName(text: string, { case: path, check }: CaseResult): string {
	if (check !== "load") return text;
	const name = path.slice(path.lastIndexOf("/") + 1).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
	return text.replace(new RegExp(`(?<![\\w.-])${name}(?![\\w-])`, "g"), own);
}

/** `program a is in ...` of many as `each of 206 programs is in ...`. */
function ofEach(message: string, example: CaseResult, count: number): string {
	const plain = withoutName(message, example);
	const said = plain
		.replace(`program ${own}`, `each of ${count} programs`)
		.replace(new RegExp(`^${own}`), `each of these ${count}`);
	return said.includes(own) ? message : said;
}

/** The messages in full, each with its kernels in front where there are several. */
export function wordingLines({ wordings }: ReasonEntry): string[] {
	if (wordings.length === 1) return wordings.map(({ message }) => message);
	return wordings.map(({ message, kernels }) => `on ${listing(kernels)}: ${message}`);
}

/** A result that breaks the promise of a reason is shown, not hidden. */
function unexplained(result: CaseResult): Reason {
	return reason("no-reason-given", { check: result.check });
}

/** `on all 6 kernels`, `on both kernels`, `on 5.10 and 6.1`. */
export function onKernels(kernels: string[], results: Results): string {
	if (results.kernels.length > 1 && kernels.length === results.kernels.length) {
		return kernels.length === 2 ? "on both kernels" : `on all ${kernels.length} kernels`;
	}
	return `on ${listing(kernels)}`;
}

/** A check of fewer cases has them named one by one, although they are all of them. */
const fewCases = 6;
/** Of more cases only half as many are named. */
const mostNames = 8;

/** The cases by name, or all that the checks have there: `all 41 cases of token`. */
export function casesOf({ package: name, cases, kernels }: ReasonEntry, results: Results): string {
	const here = results.results.filter(
		(each) => each.package === name && kernelsOfResult(each).some((id) => kernels.includes(id)),
	);
	const checks = groupBy(here, ({ check }) => check);
	const words: string[] = [];
	const named = new Set(cases);
	for (const [check, some] of checks) {
		const all = new Set(some.map(caseName));
		if (all.size < fewCases || ![...all].every((each) => named.has(each))) continue;
		for (const each of all) named.delete(each);
		words.push(`all ${all.size} cases of ${check}`);
	}
	return listing([...few([...named]), ...words]);
}

/** Names, or some of them and how many more where they are many. */
export function few(names: readonly string[]): string[] {
	if (names.length <= mostNames) return [...names];
	return [...names.slice(0, mostNames / 2), `${names.length - mostNames / 2} more`];
}
