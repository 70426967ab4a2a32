// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { formatIpv4, formatIpv6 } from "../../packet/address.js";
import { concat, equalBytes, toHex } from "../../packet/bytes.js";
import { compareMap } from "../compare-maps.js";
import { MapContent } from "../map-content.js";
import { keyText, type MapModel, writtenEntries } from "../map-model.js";
import type { ExpectedMap } from "../schema.js";
import { entryLabel } from "./observed.js";
import { recordedValue } from "./value.js";

/** An entry as a list has it. */
interface Entry {
	key: unknown;
	value?: unknown;
	absent?: true;
}

const nowhere = { file: "", pointer: "" };

/**
 * What a packet did to a map, as `maps_after` has it: changed parts, new entries, null for gone
 * ones; hex for what cannot be written by names. Undefined when nothing changed.
 * @param isVolatile of the fact: `maps/counters[1].packets`
 */
export function recordedMap(
	before: MapContent,
	after: MapContent,
	isVolatile: (fact: string) => boolean,
): ExpectedMap | undefined {
	const { model } = after;
	const keys = after.keysUnlike(before);
	const entries = model.outerKey
		? recordedInnerMaps(before, after, keys, isVolatile)
		: keys.flatMap((key) => recordedEntry(before, after, key, isVolatile) ?? []);
	if (entries.length === 0) return undefined;
	if (model.single) return entries[0]?.value as ExpectedMap;
	if (entries.every(({ key }) => typeof key === "string"))
		return Object.fromEntries(entries.map(({ key, value, absent }) => [String(key), absent ? null : value]));
	return entries;
}

/** Of a map of maps: by outer key what changed in the inner map. */
function recordedInnerMaps(
	before: MapContent,
	after: MapContent,
	keys: readonly Uint8Array[],
	isVolatile: (fact: string) => boolean,
): Entry[] {
	const { inner, outerKey } = after.model;
	if (!inner || !outerKey) return [];
	const byOuter = new Map<string, Uint8Array[]>();
	for (const key of keys) {
		const outer = toHex(key.subarray(0, outerKey.size));
		byOuter.set(outer, [...(byOuter.get(outer) ?? []), key]);
	}
	return [...byOuter.values()].flatMap((own) => {
		const outer = own[0]?.subarray(0, outerKey.size) ?? new Uint8Array();
		const within = (content: MapContent) =>
			new MapContent(
				inner,
				own.flatMap((key) => {
					const values = content.at(key);
					return values ? [{ key: key.subarray(outerKey.size), value: joined(values) }] : [];
				}),
			);
		// Not of the inner map's type, whose keys may be prefixes.
		const outerModel: MapModel = { ...inner, type: "hash", key: outerKey };
		const label = `maps/${after.model.name}[${keyText(outerModel, outer)}]`;
		const entries = recordedMap(within(before), within(after), (fact) =>
			isVolatile(label + fact.slice(`maps/${inner.name}`.length)),
		);
		if (entries === undefined) return [];
		const name = keyName(outerModel, outer);
		return [
			{ key: name !== undefined && isKey(outerModel, name, outer) ? name : hex(outer), value: { entries } },
		];
	});
}

/** Values of CPUs as they lie in a map. */
function joined([first = new Uint8Array(), ...others]: readonly Uint8Array[]): Uint8Array {
	if (others.length === 0) return first;
	const gap = new Uint8Array(Math.ceil(first.length / 8) * 8 - first.length);
	return concat(...[first, ...others].flatMap((value) => [value, gap]));
}

/** Whether a key that is written so is read as these bytes. */
function isKey(model: MapModel, key: string, bytes: Uint8Array): boolean {
	try {
		const [entry] = writtenEntries(model, [{ key, absent: true }], nowhere, "expected");
		return entry !== undefined && equalBytes(entry.key, bytes);
	} catch (error) {
		if (error instanceof InputError) return false;
		throw error;
	}
}

/** One entry; undefined when there is nothing to say of it. */
export function recordedEntry(
	before: MapContent,
	after: MapContent,
	key: Uint8Array,
	isVolatile: (fact: string) => boolean,
): Entry | undefined {
	const { model } = after;
	const [was, is] = [before.at(key), after.at(key)];
	if (!was && !is) return undefined;
	if (was && is && was.every((bytes, cpu) => equalBytes(bytes, is[cpu] ?? new Uint8Array())))
		return undefined;
	const fact = `maps/${entryLabel(after, key)}`;
	if (isVolatile(fact)) return undefined;
	const named = keyName(model, key) ?? recordedValue(model.key, undefined, [key], () => false);
	if (!is)
		return written(before, after, key, [
			{ key: named, absent: true },
			{ key: hex(key), absent: true },
		]);
	const inside = (path: string) => isVolatile(`${fact}${path}`);
	const value = recordedValue(model.value, was, is, inside);
	if (value === undefined) return undefined;
	const digits = model.perCpu ? { percpu: is.map(hex) } : hex(is[0] ?? new Uint8Array());
	return written(before, after, key, [
		{ key: named, value },
		{ key: hex(key), value },
		{ key: named, value: digits },
		{ key: hex(key), value: digits },
	]);
}

const hex = (bytes: Uint8Array) => ({ hex: toHex(bytes) });

/** The first way of writing an entry that is read as what is there. */
function written(
	before: MapContent,
	after: MapContent,
	key: Uint8Array,
	ways: readonly Entry[],
): Entry | undefined {
	return ways.find((way) => {
		if (way.key === undefined) return false;
		try {
			const entries = writtenEntries(after.model, [way], nowhere, "expected");
			if (!entries.every((entry) => equalBytes(entry.key, key))) return false;
			return compareMap({ kind: "entries", exact: false, entries }, before, after).length === 0;
		} catch (error) {
			if (error instanceof InputError) return false;
			throw error;
		}
	});
}

/** A key as text; undefined when it has several parts. */
export function keyName(model: MapModel, key: Uint8Array): string | undefined {
	if (model.type === "lpm_trie" && (key.length === 8 || key.length === 20)) {
		const length = new DataView(key.buffer, key.byteOffset).getUint32(0, model.key.littleEndian);
		const address = key.subarray(4);
		if (length <= address.length * 8)
			return `${address.length === 4 ? formatIpv4(address) : formatIpv6(address)}/${length}`;
	}
	const value = recordedValue(model.key, undefined, [key], () => false);
	return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
