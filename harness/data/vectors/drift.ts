// SPDX-License-Identifier: Apache-2.0

import { isDeepStrictEqual } from "node:util";
import { Type } from "@sinclair/typebox";
import type { CaseResult } from "../../base/results.js";
import { validator } from "../../base/validate.js";
import { reason } from "../reasons/registry/registry.js";

/**
 * What a vector's program did, by fact: `retval`, `packet`, `maps/counters[1].packets`. Evidence of
 * every vector that was run.
 */
export const Actual = Type.Record(
	Type.String(),
	Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Type.Unknown())]),
);
const actuals = validator(Actual);
type Facts = Readonly<Record<string, unknown>>;

interface Ran {
	result: CaseResult;
	facts: Facts;
}

/** Most facts that one finding tells. */
const maxTold = 5;

/**
 * Vectors that gave different results on two kernels, whatever was expected of them: a failure of
 * the case `drift/<case>` on each kernel that differs from what most kernels did. Where as many say
 * one thing as another, nothing tells who is right: it stands on those that were not tested first,
 * and says no more than that they differ.
 */
export function drift(results: readonly CaseResult[]): CaseResult[] {
	const cases = new Map<string, Ran[]>();
	for (const result of results) {
		const facts = result.evidence.actual;
		if (!actuals.accepts(facts)) continue;
		const key = JSON.stringify([result.package, result.case]);
		cases.set(key, [...(cases.get(key) ?? []), { result, facts }]);
	}
	return [...cases.values()].flatMap(driftOf);
}

function driftOf(runs: Ran[]): CaseResult[] {
	const groups: Ran[][] = [];
	for (const run of runs) {
		const group = groups.find(([first]) => isDeepStrictEqual(first?.facts, run.facts));
		if (group) group.push(run);
		else groups.push([run]);
	}
	const [most, ...others] = [...groups].sort((a, b) => b.length - a.length);
	const [usual] = most ?? [];
	if (!most || !usual) return [];
	return others.flatMap((group) => {
		const tie = group.length === most.length;
		return group.map(({ result, facts }) => finding(result, facts, usual.facts, most, tie));
	});
}

function finding(
	result: CaseResult,
	facts: Facts,
	usual: Facts,
	most: readonly Ran[],
	tie: boolean,
): CaseResult {
	const names = [...new Set([...Object.keys(usual), ...Object.keys(facts)])];
	const differing = names.filter((name) => !isDeepStrictEqual(usual[name], facts[name]));
	const kernels = most.map((run) => run.result.kernel);
	const [here, there] = [result.kernel, kernels.join(", ")];
	const told = differing
		.slice(0, maxTold)
		.map((name) => {
			const [is, other] = [shown(facts[name]), shown(usual[name])];
			return tie ? `${name} is ${other} on ${there}, ${is} on ${here}` : `${name} is ${is}, not ${other}`;
		})
		.join("; ");
	const differs = tie
		? `${result.case}: ${there} and ${here} give different results`
		: `${result.case}: ${here} gives another result than ${there}`;
	const more = differing.length > maxTold ? `; and ${differing.length - maxTold} more` : "";
	return {
		package: result.package,
		kernel: result.kernel,
		check: "vectors",
		case: `drift/${result.case}`,
		outcome: "fail",
		reason: reason("vector-drift", { found: `${differs}: ${told}${more}` }),
		duration_ms: 0,
		evidence: {
			differs_from: kernels,
			facts: Object.fromEntries(
				differing.map((name) => [name, { here: facts[name] ?? null, there: usual[name] ?? null }]),
			),
		},
	};
}

function shown(value: unknown): string {
	if (value === undefined) return "absent";
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
