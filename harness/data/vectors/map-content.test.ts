// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { toHex } from "../packet/bytes.js";
import { MapContent } from "./map-content.js";
import type { MapModel } from "./map-model.js";

const size = (bytes: number) => ({ size: bytes, littleEndian: true });
const model: MapModel = {
	name: "m",
	type: "hash",
	key: size(1),
	value: size(1),
	perCpu: false,
	array: false,
	single: false,
	programs: [],
};
const entry = (key: number, value: number) => ({ key: Uint8Array.of(key), value: Uint8Array.of(value) });
const keys = (list: Uint8Array[]) => list.map(toHex);
const value = (content: MapContent, key: number) => content.at(Uint8Array.of(key))?.map((each) => each[0]);

const snapshot = new MapContent(model, [entry(1, 10), entry(2, 20), entry(3, 30)]);

it("has what changed, what came, and no longer what is gone", () => {
	const changed = snapshot.with([entry(2, 21), entry(4, 40)], [Uint8Array.of(3)]);
	expect([1, 2, 3, 4, 5].map((key) => value(changed, key))).toEqual([[10], [21], undefined, [40], undefined]);
	expect(keys(changed.keys)).toEqual(["01", "02", "04"]);
	expect([1, 2, 3, 4].map((key) => value(snapshot, key))).toEqual([[10], [20], [30], undefined]);
});

it("changes a changed one", () => {
	const twice = snapshot.with([entry(2, 21)], [Uint8Array.of(3)]).with([entry(3, 31)], [Uint8Array.of(2)]);
	expect([1, 2, 3].map((key) => value(twice, key))).toEqual([[10], undefined, [31]]);
});

it("knows where two may not be the same", () => {
	const a = snapshot.with([entry(2, 21)], []);
	const b = snapshot.with([], [Uint8Array.of(3)]);
	expect(snapshot.with([], [])).toBe(snapshot);
	expect(keys(snapshot.keysUnlike(snapshot))).toEqual([]);
	expect(keys(a.keysUnlike(snapshot))).toEqual(["02"]);
	expect(keys(snapshot.keysUnlike(a))).toEqual(["02"]);
	expect(keys(a.keysUnlike(b))).toEqual(["02", "03"]);
	expect(keys(new MapContent(model, [entry(9, 0)]).keysUnlike(a))).toEqual(["01", "02", "03", "09"]);
});

it("takes what a guest tells in two rows, and looks only at what came after a common base", () => {
	const keyRow = Uint8Array.from({ length: 250 }, (_, at) => at);
	const filled = snapshot.with({ count: 250, keys: keyRow, values: keyRow.toReversed() }, []);
	const after = filled.with([entry(7, 0)], [Uint8Array.of(9)]);
	expect([0, 1, 9, 249].map((key) => value(filled, key))).toEqual([[249], [248], [240], [0]]);
	expect([7, 9, 10].map((key) => value(after, key))).toEqual([[0], undefined, [239]]);
	expect(keys(after.keysUnlike(filled))).toEqual(["07", "09"]);
	expect(after.keysUnlike(snapshot)).toHaveLength(250);
	expect(after.keys).toHaveLength(249);
});

it("gives the value of each CPU", () => {
	const perCpu = { ...model, perCpu: true, value: size(4) };
	const values = Uint8Array.from({ length: 16 }, (_, at) => at);
	const content = new MapContent(perCpu, []).with([{ key: Uint8Array.of(0), value: values }], []);
	expect(content.at(Uint8Array.of(0))?.map(toHex)).toEqual(["00010203", "08090a0b"]);
});
