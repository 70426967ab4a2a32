// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../../package/btf/btf-value.js";
import type { Leaf } from "../../package/btf/leaf.js";
import { toHex } from "../../packet/bytes.js";
import { compareMap, type MapExpectation } from "../compare-maps.js";
import { compareEvents, type ExpectedEvents } from "../expectation.js";
import { MapContent } from "../map-content.js";
import type { WrittenEntry } from "../map-model.js";
import type { Mismatch } from "../mismatch.js";
import { type Change, pathOf, valueAt } from "./change.js";
import { recordedEntry } from "./maps.js";

/** What has to change in what is expected of a map; undefined when single changes do not do. */
export function mapChanges(
	expected: MapExpectation,
	written: unknown,
	before: MapContent,
	after: MapContent,
	path: readonly string[],
): Change[] | undefined {
	if (compareMap(expected, before, after).length === 0) return [];
	if (expected.kind === "unchanged") return undefined;
	const known = new Set(expected.entries.map(({ key }) => toHex(key)));
	const entriesPath = expected.exact ? [...path, "exact"] : [...path];
	const spec = expected.exact ? valueAt(written, ["exact"]) : written;
	const changes: Change[] = [];
	const surplus = expected.exact
		? after.keys.filter((key) => !known.has(toHex(key)) && !isZero(after, key))
		: [];
	for (const [index, key] of surplus.entries()) {
		const entry = recordedEntry(emptied(before), after, key, () => false);
		if (!entry || after.model.single) return undefined;
		if (Array.isArray(spec))
			changes.push({ path: [...entriesPath, String(spec.length + index)], value: entry });
		else if (typeof entry.key === "string")
			changes.push({ path: [...entriesPath, entry.key], value: entry.value });
		else return undefined;
	}
	for (const [index, entry] of expected.entries.entries()) {
		const alone = (leaf?: Leaf, cpu?: number): Mismatch | undefined =>
			compareMap(
				{ kind: "entries", exact: false, entries: [leaf ? only(entry, leaf, cpu) : entry] },
				before,
				after,
			)[0];
		if (!alone()) continue;
		const entryPath = after.model.single
			? entriesPath
			: [...entriesPath, Array.isArray(spec) ? String(index) : (Object.keys(Object(spec))[index] ?? "")];
		if (!entry.value || !after.at(entry.key)) {
			// What is expected of inner maps does not stand entry by entry as it is compared.
			if (after.model.outerKey) return undefined;
			const replaced = wholeEntry(entry, Array.isArray(spec) ? spec[index] : undefined, before, after);
			if (!replaced) return undefined;
			changes.push({ path: entryPath, value: replaced.value });
			continue;
		}
		const leaves =
			entry.value.kind === "percpu"
				? entry.value.leaves.flatMap((each, cpu) => each.map((leaf) => ({ leaf, cpu })))
				: entry.value.kind === "all"
					? entry.value.leaves.map((leaf) => ({ leaf, cpu: undefined }))
					: [];
		for (const { leaf, cpu } of leaves) {
			const mismatch = alone(leaf, cpu);
			if (mismatch) changes.push(leafChange(leaf, mismatch.actual, written, path));
		}
	}
	return changes;
}

/** The entry with one of its parts. */
function only({ key, label }: WrittenEntry, leaf: Leaf, cpu: number | undefined): WrittenEntry {
	if (cpu === undefined) return { key, label, value: { kind: "all", leaves: [leaf] } };
	const leaves = Array.from({ length: cpu + 1 }, (_, at) => (at === cpu ? [leaf] : []));
	return { key, label, value: { kind: "percpu", leaves } };
}

/** Pointers of leaves begin at the expectation. A number in `{ be: … }` stays in it. */
function leafChange(leaf: Leaf, actual: JsonValue, written: unknown, path: readonly string[]): Change {
	const at = pathOf(leaf.pointer);
	const old = valueAt(written, at.slice(path.length));
	const wrapped = typeof old === "object" && old !== null && Object.keys(old).join() === "be";
	return { path: wrapped ? [...at, "be"] : at, value: actual };
}

/** For an entry that should be there and is not, or the other way round. */
function wholeEntry(
	entry: WrittenEntry,
	listed: unknown,
	before: MapContent,
	after: MapContent,
): { value: unknown } | undefined {
	const key = typeof listed === "object" && listed !== null && "key" in listed ? { key: listed.key } : {};
	if (!after.at(entry.key)) return { value: listed === undefined ? null : { ...key, absent: true } };
	const recorded =
		recordedEntry(before, after, entry.key, () => false) ??
		recordedEntry(emptied(before), after, entry.key, () => false);
	if (!recorded) return undefined;
	return { value: listed === undefined ? recorded.value : { ...key, value: recorded.value } };
}

const emptied = ({ model }: MapContent) => new MapContent(model, []);

function isZero(content: MapContent, key: Uint8Array): boolean {
	return content.model.array && (content.at(key) ?? []).every((bytes) => bytes.every((byte) => byte === 0));
}

/** Changes to the expected events; undefined when the whole list has to be written again. */
export function eventChanges(expected: ExpectedEvents, events: readonly Uint8Array[]): Change[] | undefined {
	if (compareEvents(expected, events).length === 0) return [];
	if (expected.events.length !== events.length) return undefined;
	const changes: Change[] = [];
	for (const [index, event] of expected.events.entries()) {
		const bytes = events[index];
		if (!bytes || compareEvents({ ...expected, events: [event] }, [bytes]).length === 0) continue;
		if (event.kind === "bytes") {
			changes.push({ path: ["events", expected.map, String(index), "hex"], value: toHex(bytes) });
			continue;
		}
		if (bytes.length < event.type.size) return undefined;
		for (const leaf of event.leaves) {
			const alone = { ...expected, events: [{ ...event, leaves: [leaf] }] };
			const [mismatch] = compareEvents(alone, [bytes]);
			if (mismatch) changes.push({ path: pathOf(leaf.pointer), value: mismatch.actual });
		}
	}
	return changes;
}
