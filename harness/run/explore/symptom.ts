// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { JsonValue } from "../../data/package/btf/btf-value.js";
import { meaningless } from "../../data/vectors/explore/meaningless.js";
import type { PreparedVector } from "../../data/vectors/suite.js";
import type { Observation } from "./observation.js";

/** Bytes of 1500 with an Ethernet header and a VLAN tag: the largest frame of a default device. */
export const largestFrame = 1518;

/** Something wrong with a vector, on some kernels. */
export interface Symptom {
	kind: "disagreement" | "retval" | "output-size" | "crash";
	/** Equal for symptoms that are probably of the same defect. */
	key: string;
	/** Kernels that show it; for a disagreement, those that differ from most. */
	kernels: string[];
	/** For a disagreement: the other kernels. */
	usual?: string[];
	/** What happens, without the vector: `retval is XDP_DROP on 5.10, XDP_PASS on 6.12`. */
	text: string;
	evidence: Record<string, unknown>;
}

/** What each kernel did with one vector. */
export type Observations = ReadonlyMap<string, Observation>;

/** A fact without the key of a map, number of an event or packet of a sequence. */
export function factClass(fact: string): string {
	return fact.replace(/\[[^\]]*\]/g, "[]").replace(/^\d+\//, "");
}

/**
 * What is wrong on a kernel or between kernels. @param ignored classes of facts, not compared
 * @param meant return values that vectors expect, although the kernel does not know them
 */
export function symptomsOf(
	vector: PreparedVector,
	observations: Observations,
	ignored: ReadonlySet<string> = new Set(),
	meant: ReadonlySet<number> = new Set(),
): Symptom[] {
	return [
		...crashes(observations),
		...meaninglessValues(vector, observations, meant),
		...largeOutputs(vector, observations),
		...disagreements(observations, ignored),
	];
}

function crashes(observations: Observations): Symptom[] {
	const found = new Map<string, Symptom>();
	for (const [kernel, observation] of observations) {
		if (observation.kind !== "crash") continue;
		const { how, title } = observation;
		// Addresses, process numbers and times differ between runs.
		const key = `crash ${how} ${title.replace(/\d+|0x[0-9a-f]+/gi, "0")}`;
		const symptom = found.get(key) ?? {
			kind: "crash",
			key,
			kernels: [],
			text: `causes ${how === "hang" ? "a hang" : `a kernel ${how}`}: ${title}`,
			evidence: { how, title },
		};
		symptom.kernels.push(kernel);
		found.set(key, symptom);
	}
	return [...found.values()];
}

function meaninglessValues(
	{ subject }: PreparedVector,
	observations: Observations,
	meant: ReadonlySet<number>,
): Symptom[] {
	const { type, program } = subject;
	const found = new Map<string, { kernels: string[]; value: number; consequence: string }>();
	for (const [kernel, observation] of observations) {
		if (observation.kind !== "ran") continue;
		for (const { retval } of observation.outputs) {
			const consequence = meant.has(retval) ? undefined : meaningless(type, program.section, retval);
			if (consequence === undefined) continue;
			const entry = found.get("retval") ?? { kernels: [], value: retval, consequence };
			if (!entry.kernels.includes(kernel)) entry.kernels.push(kernel);
			found.set("retval", entry);
		}
	}
	return [...found].map(([key, { kernels, value, consequence }]) => ({
		kind: "retval",
		key,
		kernels,
		text: `returns ${value | 0}, which programs of type ${type} do not have: ${consequence}`,
		evidence: { retval: value },
	}));
}

function largeOutputs({ steps }: PreparedVector, observations: Observations): Symptom[] {
	const kernels: string[] = [];
	let largest: { bytes: number; sent: number } | undefined;
	for (const [kernel, observation] of observations) {
		const outputs =
			observation.kind === "overflow"
				? [{ step: observation.step, bytes: observation.bytes, always: true }]
				: observation.kind === "ran"
					? observation.outputs.map(({ bytes }, step) => ({ step, bytes, always: false }))
					: [];
		for (const { step, bytes, always } of outputs) {
			const sent = steps[step]?.packet?.length;
			if (sent === undefined || !(always || (bytes > largestFrame && sent <= largestFrame))) continue;
			if (!kernels.includes(kernel)) kernels.push(kernel);
			if (bytes > (largest?.bytes ?? 0)) largest = { bytes, sent };
		}
	}
	if (!largest) return [];
	const { bytes, sent } = largest;
	const than =
		bytes > largestFrame && sent <= largestFrame
			? `the largest Ethernet frame has (${largestFrame})`
			: "a test run has room for (1024 more than its input)";
	const text = `turns ${sent} bytes into ${bytes}, more than ${than}`;
	return [{ kind: "output-size", key: "output-size", kernels, text, evidence: { sent, bytes } }];
}

function disagreements(observations: Observations, ignored: ReadonlySet<string>): Symptom[] {
	const groups: { kernels: string[]; facts: Record<string, JsonValue> }[] = [];
	for (const [kernel, observation] of observations) {
		if (observation.kind !== "ran") continue;
		const facts = Object.fromEntries(
			Object.entries(observation.facts).filter(([fact]) => !ignored.has(factClass(fact))),
		);
		const group = groups.find((each) => isDeepStrictEqual(each.facts, facts));
		if (group) group.kernels.push(kernel);
		else groups.push({ kernels: [kernel], facts });
	}
	const [most, ...others] = [...groups].sort((a, b) => b.kernels.length - a.kernels.length);
	if (!most) return [];
	return others.map(({ kernels, facts }) => disagreement(kernels, facts, most.kernels, most.facts));
}

/** Most facts that one sentence names. */
const maxNamed = 3;

function disagreement(
	kernels: string[],
	facts: Record<string, JsonValue>,
	usual: string[],
	usualFacts: Record<string, JsonValue>,
): Symptom {
	const names = [...new Set([...Object.keys(usualFacts), ...Object.keys(facts)])];
	const differing = names.filter((name) => !isDeepStrictEqual(usualFacts[name], facts[name]));
	const classes = differing.map((name) =>
		factClass(name) === "retval"
			? `retval ${[facts[name], usualFacts[name]].sort().join("/")}`
			: factClass(name),
	);
	const named = differing
		.slice(0, maxNamed)
		.map(
			(name) =>
				`${name} is ${shown(facts[name])} on ${kernels.join(", ")}, ${shown(usualFacts[name])} on ${usual.join(", ")}`,
		);
	const more = differing.length > maxNamed ? `; and ${differing.length - maxNamed} more facts` : "";
	return {
		kind: "disagreement",
		key: `disagreement ${[...new Set(classes)].sort().join(" ")}`,
		kernels,
		usual,
		text: named.join("; ") + more,
		evidence: {
			facts: Object.fromEntries(
				differing.slice(0, 50).map((name) => [
					name,
					[
						{ kernels, value: facts[name] ?? null },
						{ kernels: usual, value: usualFacts[name] ?? null },
					],
				]),
			),
		},
	};
}

function shown(value: JsonValue | undefined): string {
	if (value === undefined) return "absent";
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Classes of facts in which observations of the same vector differ. */
export function differingClasses(observations: readonly Observation[]): Set<string> {
	const [first, ...others] = observations.filter((each) => each.kind === "ran");
	const classes = new Set<string>();
	if (!first) return classes;
	for (const { facts } of others)
		for (const name of [...Object.keys(facts), ...Object.keys(first.facts)])
			if (!isDeepStrictEqual(facts[name], first.facts[name])) classes.add(factClass(name));
	return classes;
}
