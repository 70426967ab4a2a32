// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../../package/btf/btf-value.js";
import { equalBytes, toHex } from "../../packet/bytes.js";
import { mapChanges } from "../compare-maps.js";
import { contextStruct } from "../context.js";
import type { MapContent } from "../map-content.js";
import { keyText } from "../map-model.js";
import type { PreparedVector } from "../suite.js";

export interface ObservedStep {
	retval: number;
	/** Undefined where the kernel gives none back. */
	packet?: Uint8Array;
	metadata: Uint8Array;
	/** Undefined where the kernel gives none back. */
	context?: Record<string, JsonValue>;
	/** Content of maps afterwards, by name. */
	maps: ReadonlyMap<string, MapContent>;
	events: ReadonlyMap<string, Uint8Array[]>;
}

/** What a vector did on the reference kernel, with all maps after each of its packets. */
export interface Observed {
	before: ReadonlyMap<string, MapContent>;
	steps: ObservedStep[];
}

/** `2/` in a sequence, as the facts of its packets begin. */
export const factPrefix = ({ isSequence }: PreparedVector, index: number): string =>
	isSequence ? `${index + 1}/` : "";

/** As messages and facts call an entry: `counters[1]`, or without a key just the map. */
export const entryLabel = ({ model }: MapContent, key: Uint8Array): string =>
	model.single ? model.name : `${model.name}[${keyText(model, key)}]`;

/** Facts in which two runs of one vector differ, on one kernel and from one state. */
export interface Differing {
	/** Patterns of the facts that are not to be recorded. */
	facts: string[];
	/** What may be written under `volatile`. */
	proposed: string[];
}

/** Compares two runs of a vector; events that differ get a mask, if as long. */
export function differing(vector: PreparedVector, one: Observed, other: Observed): Differing {
	const [left, right] = [factsOf(vector, one), factsOf(vector, other)];
	const facts = new Set<string>();
	const proposed = new Set<string>();
	for (const [fact, value] of [...left, ...right]) {
		if (left.get(fact) === right.get(fact)) continue;
		const name = fact.slice(fact.indexOf("|") + 1);
		facts.add(value === thereIs ? `${name}*` : name);
		// The next run has yet other keys.
		proposed.add(value === thereIs ? name.replace(/\[.*$/s, "[*") : name);
	}
	for (const [index, { events }] of one.steps.entries())
		for (const [map, sent] of events) {
			const again = other.steps[index]?.events.get(map) ?? [];
			if (sent.some((event, at) => !equalBytes(event, again[at] ?? event))) proposed.add(`events/${map}[*`);
		}
	const covers = (pattern: string, fact: string) =>
		pattern.endsWith("[*") && pattern !== fact && fact.startsWith(pattern.slice(0, -1));
	return {
		facts: [...facts],
		proposed: [...proposed].filter((fact) => ![...proposed].some((pattern) => covers(pattern, fact))).sort(),
	};
}

/** Of an entry: it is there at all. */
const thereIs = "an entry";

/** Facts by packet and name; maps after every packet, because later ones may hide them. */
function factsOf(vector: PreparedVector, { before, steps }: Observed): Map<string, string> {
	const facts = new Map<string, string>();
	const written = contextStruct(vector.subject.type)?.written ?? [];
	const counts = new Map<string, number>();
	let maps = before;
	for (const [index, step] of steps.entries()) {
		const prefix = factPrefix(vector, index);
		const put = (fact: string, value: JsonValue) => facts.set(`${index}|${fact}`, JSON.stringify(value));
		put(`${prefix}retval`, step.retval);
		if (step.packet) put(`${prefix}packet`, toHex(step.packet));
		put(`${prefix}metadata`, toHex(step.metadata));
		for (const field of written) put(`${prefix}context.${field}`, step.context?.[field] ?? null);
		for (const [name, content] of step.maps) {
			const was = maps.get(name);
			if (!was) continue;
			for (const key of content.keys)
				if (!was.at(key)) facts.set(`${index}|maps/${entryLabel(content, key)}`, thereIs);
			for (const [path, [, now]] of mapChanges(was, content)) {
				const fact = `${index}|maps/${path}`;
				if (facts.get(fact) !== thereIs) facts.set(fact, JSON.stringify(now));
			}
		}
		maps = step.maps;
		for (const [map, events] of step.events) {
			const first = counts.get(map) ?? 0;
			for (const [at, event] of events.entries()) put(`events/${map}[${first + at}]`, event.length);
			counts.set(map, first + events.length);
		}
	}
	return facts;
}
