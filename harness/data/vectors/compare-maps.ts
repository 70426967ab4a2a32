// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../package/btf/btf-value.js";
import { type IntegerLeaf, type Leaf, readInteger } from "../package/btf/leaf.js";
import { equalBytes, toHex } from "../packet/bytes.js";
import { flatten } from "./flatten.js";
import type { MapContent } from "./map-content.js";
import { keyText, type WrittenEntry } from "./map-model.js";
import type { Mismatch } from "./mismatch.js";

/** What a map shall hold after a packet. */
export type MapExpectation =
	| { kind: "unchanged" }
	/** `exact`: there are no other entries; in arrays, all others are zero. */
	| { kind: "entries"; exact: boolean; entries: WrittenEntry[] };

/** Where a map is not as expected. */
export function compareMap(expected: MapExpectation, before: MapContent, after: MapContent): Mismatch[] {
	if (expected.kind === "unchanged") {
		return [...mapChanges(before, after)].map(([what, [was, is]]) => ({
			what: `map ${what}`,
			expected: was,
			actual: is,
		}));
	}
	const mismatches = expected.entries.flatMap((entry) => compareEntry(entry, before, after));
	return expected.exact ? [...mismatches, ...unexpected(expected.entries, after)] : mismatches;
}

function compareEntry(
	{ key, label, value }: WrittenEntry,
	before: MapContent,
	after: MapContent,
): Mismatch[] {
	const what = `map ${label}`;
	const actual = after.at(key);
	if (!value) return actual ? [{ what, expected: "no entry", actual: shownValue(after, actual) }] : [];
	if (!actual) return [{ what, expected: "an entry", actual: "none" }];
	const was = before.at(key) ?? actual.map((bytes) => new Uint8Array(bytes.length));
	switch (value.kind) {
		case "given":
		case "inner":
		case "program":
		case "socket":
			return [];
		case "percpu":
			return value.leaves.flatMap((leaves, cpu) => {
				const bytes = actual[cpu];
				if (!bytes) return [{ what: `${what} of CPU ${cpu}`, expected: "a value", actual: "no such CPU" }];
				return leaves.flatMap((leaf) =>
					compareLeaf(`${what} of CPU ${cpu}: `, leaf, [was[cpu] ?? bytes], [bytes]),
				);
			});
		case "all":
			return value.leaves.flatMap((leaf) => compareLeaf(what, leaf, was, actual));
	}
}

/** Numbers are summed over the CPUs; what is not a number must stand so on one of them. */
function compareLeaf(what: string, leaf: Leaf, before: Uint8Array[], after: Uint8Array[]): Mismatch[] {
	const place = `${what}${leaf.path}`;
	if (leaf.kind === "bytes") {
		const parts = after.map((bytes) => bytes.subarray(leaf.offset, leaf.offset + leaf.value.length));
		if (parts.some((part) => equalBytes(part, leaf.value))) return [];
		return [
			{ what: place, expected: leaf.spell(leaf.value), actual: leaf.spell(parts[0] ?? new Uint8Array()) },
		];
	}
	const now = sum(leaf, after);
	if (!leaf.relative)
		return now === leaf.value
			? []
			: [{ what: place, expected: leaf.spell(leaf.value), actual: leaf.spell(now) }];
	const change = now - sum(leaf, before);
	const wrapped = BigInt.asIntN(leaf.bits, change - leaf.value) === 0n;
	return wrapped ? [] : [{ what: place, expected: signed(leaf.value), actual: signed(change) }];
}

function sum(leaf: IntegerLeaf, cpus: readonly Uint8Array[]): bigint {
	const total = cpus.reduce((whole, bytes) => whole + readInteger(leaf, bytes), 0n);
	return leaf.signed ? BigInt.asIntN(leaf.bits, total) : BigInt.asUintN(leaf.bits, total);
}

const signed = (value: bigint) => (value < 0n ? String(value) : `+${value}`);

function unexpected(expected: readonly WrittenEntry[], after: MapContent): Mismatch[] {
	const { model } = after;
	const known = new Set(expected.map(({ key }) => toHex(key)));
	return after.keys.flatMap((key) => {
		if (known.has(toHex(key))) return [];
		const values = after.at(key) ?? [];
		if (model.array && values.every((bytes) => bytes.every((byte) => byte === 0))) return [];
		const what = `map ${model.name}[${keyText(model, key)}]`;
		return [{ what, expected: model.array ? "zero" : "no entry", actual: shownValue(after, values) }];
	});
}

function shownValue({ model }: MapContent, values: readonly Uint8Array[]): JsonValue {
	return Object.fromEntries(summed(model.value, values));
}

/** What each part is: of several CPUs the sum of numbers, anything else of the first. */
function summed(type: MapContent["model"]["value"], values: readonly Uint8Array[]): Map<string, JsonValue> {
	const [first, ...others] = values.map((bytes) => flatten(type, bytes));
	const total = new Map(first);
	for (const other of others)
		for (const [path, value] of other) {
			const sofar = total.get(path);
			if (typeof sofar === "number" && typeof value === "number") total.set(path, sofar + value);
		}
	return total;
}

/** A packet's changes to a map: old and new value of each part, `null` for no entry. */
export function mapChanges(before: MapContent, after: MapContent): Map<string, [JsonValue, JsonValue]> {
	const { model } = after;
	const changes = new Map<string, [JsonValue, JsonValue]>();
	for (const key of after.keysUnlike(before)) {
		const [was, is] = [before.at(key), after.at(key)];
		if (was && is && was.every((bytes, cpu) => equalBytes(bytes, is[cpu] ?? new Uint8Array()))) continue;
		const label = model.single ? model.name : `${model.name}[${keyText(model, key)}]`;
		const [old, now] = [was && summed(model.value, was), is && summed(model.value, is)];
		for (const path of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
			const [from, to] = [old?.get(path) ?? null, now?.get(path) ?? null];
			if (from !== to) changes.set(`${label}${path}`, [from, to]);
		}
	}
	return changes;
}
