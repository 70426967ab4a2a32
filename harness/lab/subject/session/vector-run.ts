// SPDX-License-Identifier: Apache-2.0

import type { UndecidedError } from "../../../base/errors.js";
import { undecided } from "../../../data/reasons/registry/registry.js";
import { MapContent, type PackedEntries } from "../../../data/vectors/map-content.js";
import type { MapModel } from "../../../data/vectors/map-model.js";
import type { PreparedVector } from "../../../data/vectors/suite.js";
import type { MapChange, Result, TestRun } from "../../../machine/guest/operations.js";

/** The result of one packet. */
export interface StepRun {
	run: TestRun;
	/** Content of maps afterwards, by name; absent where it was not read. */
	maps?: Map<string, MapContent>;
	events: Map<string, Uint8Array[]>;
	/** Of a sk_lookup program: names of sockets by their cookies. */
	sockets?: ReadonlyMap<number, string>;
}

/** The result of one vector. */
export interface VectorRun {
	before: Map<string, MapContent>;
	steps: StepRun[];
	/** A map that could not be filled: nothing ran. */
	unfilled?: { map: string; entry: string; errno: number };
	/** Its part of the time of the request that it was in. */
	duration_ms: number;
	/** The vector changed the object for good; the session loads it again before the next. */
	spoilt: boolean;
}

/** The agent's answer. @throws UndecidedError for too large a map or an invalid answer */
export function runOf(
	{ before: fills }: PreparedVector,
	{ errnos, before: filled, runs }: Result<"replay">["cases"][number],
	models: readonly MapModel[],
	snapshot: Map<string, MapContent>,
	eventMaps: readonly string[],
): Omit<VectorRun, "spoilt" | "duration_ms"> {
	const before = filled ? changed(snapshot, models, filled) : snapshot;
	for (const [index, { model, entries }] of fills.entries()) {
		const at = errnos?.[index]?.findIndex((errno) => errno !== 0) ?? -1;
		if (at < 0) continue;
		const entry = entries[at]?.label ?? model.name;
		return { before, steps: [], unfilled: { map: model.name, entry, errno: errnos?.[index]?.[at] ?? 0 } };
	}
	const steps = runs.map(({ run, maps, events }): StepRun => {
		if (events && events.length !== eventMaps.length) throw malformed("events of other maps");
		const drained = eventMaps.map((map, index): [string, Uint8Array[]] => [
			map,
			events?.[index]?.events ?? [],
		]);
		return { run, ...(maps ? { maps: changed(before, models, maps) } : {}), events: new Map(drained) };
	});
	return { before, steps };
}

/** The content of all maps: what they had, with these changes. */
function changed(
	had: Map<string, MapContent>,
	models: readonly MapModel[],
	changes: readonly MapChange[],
): Map<string, MapContent> {
	if (changes.length === 0) return had;
	const contents = new Map(had);
	for (const { map, count, keys, values, gone, whole, truncated } of changes) {
		const model = models[map];
		const was = model && had.get(model.name);
		if (!was) throw malformed("a map that was not asked for");
		if (truncated) throw tooLarge(model.name);
		const entries = packedEntries(model, count, keys, values);
		const keySize = model.key.size;
		if (gone.length % keySize !== 0) throw malformed("entries of another size");
		contents.set(model.name, whole ? new MapContent(model, entries) : was.with(entries, rows(gone, keySize)));
	}
	return contents;
}

/** Entries as the agent told them. @throws UndecidedError where their sizes do not fit */
export function packedEntries(
	model: MapModel,
	count: number,
	keys: Uint8Array,
	values: Uint8Array,
): PackedEntries {
	const each = count || 1;
	if (keys.length !== count * model.key.size || values.length % each !== 0 || values.length < count)
		throw malformed("entries of another size");
	return { count, keys, values };
}

function rows(bytes: Uint8Array, size: number): Uint8Array[] {
	return Array.from({ length: bytes.length / size }, (_, at) => bytes.subarray(at * size, (at + 1) * size));
}

export function tooLarge(name: string): UndecidedError {
	return undecided("map-too-large", { map: name });
}

export function malformed(what: string): UndecidedError {
	return undecided("channel-corrupt", { why: `it answered a batch of vectors with ${what}` });
}
