// SPDX-License-Identifier: Apache-2.0
import type { Kernel } from "../machine/kernel/kernel.js";
import type { SelftestObjects } from "./selftest-objects.js";
import type { SelftestResult } from "./selftest-run.js";

/** Least share of programs that must agree, and largest share of `rejected` among the failures. */
const leastAgreement = 0.99;
const mostCatchAll = 0.02;

/** What a run over the selftests of one kernel showed. */
export interface SelftestSummary {
	lines: string[];
	/** Enough programs agree, every disagreement is explained, and few reasons say nothing. */
	sound: boolean;
}

/** @param explained causes of known disagreements, by `object/program` or `object/*` */
export function summaryOf(
	kernel: Pick<Kernel, "id" | "release">,
	all: readonly SelftestResult[],
	{ objects, uncompiled, module }: Pick<SelftestObjects, "objects" | "uncompiled" | "module">,
	explained: Readonly<Record<string, string>>,
): SelftestSummary {
	const used = new Set<string>();
	const why = (name: string) => {
		const key = [name, `${name.split("/", 1)[0]}/*`].find((each) => each in explained);
		if (key !== undefined) used.add(key);
		return key === undefined ? undefined : explained[key];
	};
	const results = all.filter(({ needs }) => needs === undefined);
	const runs = results.filter(({ run }) => run && run.outcome !== "skip");
	const wrong = [
		...results
			.filter(({ loads, outcome, otherwise }) => otherwise || outcome !== (loads ? "pass" : "fail"))
			.map(({ name, loads, outcome, code, message, messages, otherwise }) => ({
				name,
				found: `expected ${loads ? "pass" : "fail"}${otherwise ? ` (${messages[0]})` : ""}, found ${outcome}${code ? ` (${code}: ${message})` : ""}`,
			})),
		...runs
			.filter(({ run }) => run?.outcome !== "pass")
			.map(({ name, retval, run }) => ({ name, found: `expected to return ${retval}: ${run?.message}` })),
	].map(({ name, found }) => ({ name, found, reason: why(name) }));
	const open = wrong.filter(({ reason }) => reason === undefined);
	const compared = results.length + runs.length;
	const agreement = share(compared - wrong.length, compared);
	const failing = results.filter(({ outcome }) => outcome === "fail");
	const codes = new Map<string, number>();
	for (const { code = "none" } of failing) codes.set(code, (codes.get(code) ?? 0) + 1);
	const catchAll = share(codes.get("rejected") ?? 0, failing.length);
	return {
		lines: [
			`kernel ${kernel.id} (${kernel.release}): ${objects.length} objects, ${all.length} annotated programs`,
			`compared: ${results.length} verdicts and ${runs.length} return values; not compared: ${all.length - results.length} programs that need bpf_testmod`,
			...("lack" in module ? [`bpf_testmod: ${module.lack}`] : ["bpf_testmod: built and loaded"]),
			`agree: ${compared - wrong.length} (${percent(agreement)}), explained: ${wrong.length - open.length}, unexplained: ${open.length}`,
			...Object.entries(uncompiled).map(([source, error]) => `  not compiled: ${source}: ${error}`),
			...wrong.map(({ name, found, reason }) => `  ${name}: ${found}: ${reason ?? "NOT EXPLAINED"}`),
			...Object.keys(explained)
				.filter((key) => !used.has(key))
				.map((key) => `  ${key}: explained, but nothing disagrees`),
			`reasons of ${failing.length} failures, catch-all (rejected) ${percent(catchAll)}:`,
			...[...codes]
				.sort(([, a], [, b]) => b - a)
				.map(([code, count]) => `  ${String(count).padStart(5)} ${code}`),
		],
		sound: agreement >= leastAgreement && open.length === 0 && catchAll <= mostCatchAll,
	};
}

const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);
const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
