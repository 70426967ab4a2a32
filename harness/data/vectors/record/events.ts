// SPDX-License-Identifier: Apache-2.0

import type { ValueType } from "../../package/btf/leaf.js";
import { leavesOf } from "../../package/btf/leaves-of.js";
import { equalBytes, toHex } from "../../packet/bytes.js";
import { compareEvents, type ExpectedEvents } from "../expectation.js";
import { flatten } from "../flatten.js";
import type { ExpectedEvent } from "../schema.js";
import type { PreparedVector } from "../suite.js";
import { recordedValue } from "./value.js";

/** Types of events by map, where some vector of the package tells one and none another. */
export type EventTypes = ReadonlyMap<string, ValueType>;

/** Gathers what the vectors of one object say of the types of its events. */
export function eventTypes(vectors: readonly PreparedVector[]): EventTypes {
	const known = new Map<string, ValueType>();
	const contradicted = new Set<string>();
	const expected = vectors.flatMap(({ steps, after }) => [
		...steps.map((step) => step.expected),
		...(after ? [after] : []),
	]);
	for (const { map, events } of expected.flatMap((each) => each.events))
		for (const event of events) {
			if (event.kind !== "value") continue;
			const other = known.get(map);
			if (other && other.types?.id !== event.type.types?.id) contradicted.add(map);
			known.set(map, event.type);
		}
	for (const map of contradicted) known.delete(map);
	return known;
}

/**
 * Events as `events` has them, by fields where the type is known, else hex; what a second run has
 * otherwise is masked. Undefined when the two runs differ in number or sizes.
 */
export function recordedEvents(
	map: string,
	perf: boolean,
	events: readonly Uint8Array[],
	again: readonly Uint8Array[],
	type: ValueType | undefined,
): ExpectedEvent[] | undefined {
	if (events.length !== again.length || events.some((event, at) => event.length !== again[at]?.length))
		return undefined;
	return events.map((event, index): ExpectedEvent => {
		const other = again[index] ?? event;
		if (type) {
			const byFields = fieldsOf(map, perf, event, other, type);
			if (byFields) return byFields;
		}
		const mask = maskOf(event, other);
		return { hex: toHex(event), ...(equalBytes(event, other) ? {} : { mask: toHex(mask) }) };
	});
}

/** 8-byte words that differ are not compared: a time's upper bytes are often the same. */
function maskOf(event: Uint8Array, other: Uint8Array): Uint8Array {
	const word = (bytes: Uint8Array, at: number) => bytes.subarray(at - (at % 8), at - (at % 8) + 8);
	return event.map((_, at) => (equalBytes(word(event, at), word(other, at)) ? 0xff : 0));
}

/** Undefined when the event is not such a struct, or the struct cannot be written. */
function fieldsOf(
	map: string,
	perf: boolean,
	event: Uint8Array,
	other: Uint8Array,
	type: ValueType,
): ExpectedEvent | undefined {
	const slack = event.length - type.size;
	const { types } = type;
	if (!types || slack < 0 || slack >= (perf ? 8 : 1)) return undefined;
	const [one, two] = [event.subarray(0, type.size), other.subarray(0, type.size)];
	const parts = flatten(type, two);
	const differ = new Set(
		[...flatten(type, one)].filter(([path, part]) => parts.get(path) !== part).map(([path]) => path),
	);
	const value = recordedValue(type, undefined, [one], (path) => differ.has(path));
	if (value === undefined) return undefined;
	const place = { file: "", pointer: "" };
	const prepared: ExpectedEvents = {
		map,
		perf: false,
		events: [{ kind: "value", type, leaves: leavesOf(type, value, place, "expected") }],
	};
	if (compareEvents(prepared, [one]).length > 0 || compareEvents(prepared, [two]).length > 0)
		return undefined;
	return { type: types.btf.spell(types.id), value };
}
