// SPDX-License-Identifier: Apache-2.0

import { isDeepStrictEqual } from "node:util";
import { Type } from "@sinclair/typebox";
import { listing } from "../../base/listing.js";
import type { CaseResult, Reason } from "../../base/results.js";
import { validator } from "../../base/validate.js";
import { reason } from "../reasons/registry/registry.js";

/** What a vector's program did, by fact: `retval`, `packet`, `maps/counters[1].packets`. */
export const Actual = Type.Record(
	Type.String(),
	Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null(), Type.Array(Type.Unknown())]),
);
const actuals = validator(Actual);
export type Facts = Readonly<Record<string, unknown>>;

/** What one kernel, by its id, did with a vector. */
export interface OnKernel {
	kernel: string;
	facts: Facts;
}

/** Most facts that one sentence names. */
const maxNamed = 5;

/** Vectors, by case, that gave different results on two kernels, whatever was expected of them. */
export function disagreements(results: readonly CaseResult[]): ReadonlyMap<string, readonly OnKernel[]> {
	const cases = new Map<string, OnKernel[]>();
	for (const { case: name, kernel, evidence } of results) {
		const facts = evidence.actual;
		if (!actuals.accepts(facts)) continue;
		cases.set(name, [...(cases.get(name) ?? []), { kernel, facts }]);
	}
	return new Map([...cases].filter(([, runs]) => differing(runs.map(({ facts }) => facts)).length > 0));
}

/** Names of the facts in which runs of a vector differ; one that a run lacks differs. */
export function differing(runs: readonly Facts[]): string[] {
	const [first = {}, ...others] = runs;
	const names = new Set(runs.flatMap((facts) => Object.keys(facts)));
	return [...names].filter((name) => others.some((facts) => !isDeepStrictEqual(facts[name], first[name])));
}

/** What to write under `volatile` for facts that differ between runs on one kernel. */
export function volatileFor(facts: readonly string[], runs: readonly Facts[]): string[] {
	const patterns = facts.map((fact) => {
		// The next run has yet other entries, and events come in another order.
		const isEntry = fact.startsWith("maps/") && runs.some((run) => run[fact] === undefined);
		return isEntry || fact.startsWith("events/") ? fact.replace(/\[.*$/s, "[*") : fact;
	});
	return [...new Set(patterns)].sort();
}

/** A vector on several kernels: `pass` when they differ only in what no kernel repeats. */
export interface Drift {
	outcome: "pass" | "fail";
	reason?: Reason;
	evidence: Record<string, unknown>;
}

/**
 * Whether kernels disagree on a vector: all are named, and what differs on one kernel is noise.
 * @param again results of further runs, by kernel
 */
export function driftOf(
	name: string,
	runs: readonly OnKernel[],
	again: ReadonlyMap<string, readonly Facts[]>,
): Drift {
	const own = runs.map(({ kernel, facts }) => ({ kernel, all: [facts, ...(again.get(kernel) ?? [])] }));
	const noise = new Set<string>();
	const noisy: string[] = [];
	for (const { kernel, all } of own) {
		const facts = differing(all);
		if (facts.length > 0) noisy.push(kernel);
		for (const fact of facts) noise.add(fact);
	}
	const found = differing(runs.map(({ facts }) => facts));
	const drifting = found.filter((fact) => !noise.has(fact));
	const proposed = volatileFor(
		[...noise],
		own.flatMap(({ all }) => all),
	);
	const about = `${listing(proposed.slice(0, maxNamed))}${more(proposed.length)}`;
	const note =
		proposed.length > 0
			? `${name}: two runs on ${listing(noisy)} differ in ${about}, so kernels are not compared there; add to the vector: volatile: ${JSON.stringify(proposed)}`
			: undefined;
	const evidence = {
		facts: Object.fromEntries(drifting.map((fact) => [fact, valuesOf(fact, runs)])),
		...(note === undefined ? {} : { note, volatile: proposed }),
	};
	if (drifting.length === 0) return { outcome: "pass", evidence };
	const told = drifting.slice(0, maxNamed).map((fact) => sentenceOf(fact, runs));
	const message = `${name}: kernels give different results: ${told.join("; ")}${more(drifting.length)}`;
	return {
		outcome: "fail",
		reason: reason("vector-drift", { found: note === undefined ? message : `${message}; besides, ${note}` }),
		evidence,
	};
}

const more = (count: number) => (count > maxNamed ? ` and ${count - maxNamed} more` : "");

/** The values of a fact, each with the kernels that have it; null where the fact is absent. */
function valuesOf(fact: string, runs: readonly OnKernel[]): { kernels: string[]; value: unknown }[] {
	const groups: { kernels: string[]; value: unknown }[] = [];
	for (const { kernel, facts } of runs) {
		const group = groups.find(({ value }) => isDeepStrictEqual(value, facts[fact] ?? null));
		if (group) group.kernels.push(kernel);
		else groups.push({ kernels: [kernel], value: facts[fact] ?? null });
	}
	return groups;
}

/** `retval is XDP_PASS on 5.10, XDP_DROP on 6.1 and 6.12`. */
function sentenceOf(fact: string, runs: readonly OnKernel[]): string {
	const groups = new Map<string, string[]>();
	for (const { kernel, facts } of runs) {
		const value = shown(facts[fact]);
		groups.set(value, [...(groups.get(value) ?? []), kernel]);
	}
	return `${fact} is ${[...groups].map(([value, kernels]) => `${value} on ${listing(kernels)}`).join(", ")}`;
}

function shown(value: unknown): string {
	if (value === undefined) return "absent";
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
