// SPDX-License-Identifier: Apache-2.0

import { isDeepStrictEqual } from "node:util";
import { InputError } from "../../../base/errors.js";
import { retvalName, retvalNumber } from "../../../base/retval.js";
import { build } from "../../packet/build.js";
import { equalBytes, toHex } from "../../packet/bytes.js";
import { dissect } from "../../packet/dissect.js";
import { contextStruct, decodeContext, encodeContext } from "../context.js";
import type { MapContent } from "../map-content.js";
import type { Expectation, ExpectedPacket } from "../schema.js";
import type { PreparedStep, PreparedVector } from "../suite.js";
import { type EventTypes, recordedEvents } from "./events.js";
import { recordedMap } from "./maps.js";
import { factPrefix, type Observed } from "./observed.js";

/** What a recording is made from: a vector, and what it did in two runs. */
export interface Recording {
	vector: PreparedVector;
	run: Observed;
	again: Observed;
	/** Whether a fact is left out: the file calls it volatile, or the two runs differ in it. */
	isVolatile(fact: string): boolean;
	types: EventTypes;
}

export function mapsBefore({ before, steps }: Observed, index: number): ReadonlyMap<string, MapContent> {
	return index === 0 ? before : (steps[index - 1]?.maps ?? before);
}

/** Everything that one packet of a vector did, as `expect` has it. */
export function recordedExpectation(recording: Recording, index: number): Expectation {
	const { vector, run, isVolatile } = recording;
	const { type } = vector.subject;
	const [step, out] = [vector.steps[index], run.steps[index]];
	if (!step || !out) return {};
	const prefix = factPrefix(vector, index);
	const context = recordedContext(type, step, out.context, (field) =>
		isVolatile(`${prefix}context.${field}`),
	);
	const packet = isVolatile(`${prefix}packet`) ? undefined : recordedPacket(step, out.packet);
	const sameMetadata = equalBytes(out.metadata, step.metadata) || isVolatile(`${prefix}metadata`);
	const maps = recordedMaps(mapsBefore(run, index), out.maps, isVolatile);
	const events = recordedEventsOf(recording, index, index + 1);
	return {
		...(isVolatile(`${prefix}retval`) ? {} : { retval: recordedRetval(type, out.retval) }),
		...(packet === undefined ? {} : { packet }),
		...(context ? { context } : {}),
		...(sameMetadata ? {} : { metadata: toHex(out.metadata) }),
		...(maps ? { maps_after: maps } : {}),
		...(events ? { events } : {}),
	};
}

/** What all packets of a sequence did together: maps and events. */
export function recordedAfter(recording: Recording): Expectation {
	const { run, isVolatile } = recording;
	const maps = recordedMaps(run.before, mapsBefore(run, run.steps.length), isVolatile);
	const events = recordedEventsOf(recording, 0, run.steps.length);
	return { ...(maps ? { maps_after: maps } : {}), ...(events ? { events } : {}) };
}

/** By name; a number where it has none. */
export function recordedRetval(type: string, retval: number): string | number {
	const name = retvalName(type, retval);
	return retvalNumber(type, name) === retval ? name : Number(name);
}

/** Undefined when the kernel gave no packet back. */
export function recordedPacket(
	{ packet: sent }: PreparedStep,
	packet: Uint8Array | undefined,
): ExpectedPacket | undefined {
	if (!packet || !sent) return undefined;
	if (equalBytes(packet, sent)) return "unchanged";
	const layers = dissect(packet);
	return isBuilt(layers, packet) ? { layers } : { hex: toHex(packet) };
}

function isBuilt(layers: ReturnType<typeof dissect>, packet: Uint8Array): boolean {
	try {
		return equalBytes(build(layers), packet);
	} catch (error) {
		if (error instanceof InputError) return false;
		throw error;
	}
}

/** Fields that programs may write and that are not as they were given. */
function recordedContext(
	type: string,
	{ context: given }: PreparedStep,
	context: Readonly<Record<string, unknown>> | undefined,
	isVolatile: (field: string) => boolean,
): Expectation["context"] {
	const struct = contextStruct(type);
	if (!struct || !context) return undefined;
	// A flow dissector's context goes in as flags and comes out as what it found.
	const was = decodeContext(struct, given ?? encodeContext(struct, {}, { file: "", pointer: "" }));
	const changed = struct.written.filter(
		(field) => !isVolatile(field) && !isDeepStrictEqual(was[field], context[field]),
	);
	return changed.length > 0 ? Object.fromEntries(changed.map((field) => [field, context[field]])) : undefined;
}

/** What changed in each map, by name; undefined when nothing did. */
function recordedMaps(
	before: ReadonlyMap<string, MapContent>,
	after: ReadonlyMap<string, MapContent>,
	isVolatile: (fact: string) => boolean,
): Expectation["maps_after"] {
	const maps = [...after].flatMap(([name, content]) => {
		const was = before.get(name);
		const map = was && recordedMap(was, content, isVolatile);
		return map === undefined ? [] : [[name, map] as const];
	});
	return maps.length > 0 ? Object.fromEntries(maps) : undefined;
}

/** Those of the packets from one to before another, of maps that were sent any. */
function recordedEventsOf(
	{ vector, run, again, isVolatile, types }: Recording,
	from: number,
	to: number,
): Expectation["events"] {
	const ofMap = ({ steps }: Observed, map: string, start: number, end: number) =>
		steps.slice(start, end).flatMap((step) => step.events.get(map) ?? []);
	const names = new Set(
		[run, again].flatMap(({ steps }) => steps.flatMap((step) => [...step.events.keys()])),
	);
	const { maps } = vector.subject.object;
	const events = [...names].flatMap((map) => {
		const [sent, other] = [ofMap(run, map, from, to), ofMap(again, map, from, to)];
		const first = ofMap(run, map, 0, from).length;
		if (sent.length + other.length === 0) return [];
		// A list says all events that there are: one that may be otherwise takes the others with
		// it.
		if (sent.some((_, index) => isVolatile(`events/${map}[${first + index}]`))) return [];
		const perf = maps.some(({ name, type }) => name === map && type === "perf_event_array");
		const list = recordedEvents(map, perf, sent, other, types.get(map));
		return list ? [[map, list] as const] : [];
	});
	return events.length > 0 ? Object.fromEntries(events) : undefined;
}
