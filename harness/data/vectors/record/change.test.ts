// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { changed, pathOf, valueAt } from "./change.js";

it("changes are made in a copy, in the order of the keys", () => {
	const shared = { x: 1 };
	const document = { a: shared, b: [shared, 2], c: 3 };
	const result = changed(document, [
		{ path: ["b", "0", "x"], value: 7 },
		{ path: ["b", "2"], value: { new: true } },
		{ path: ["d", "e"], value: null },
	]);
	expect(JSON.stringify(result)).toBe('{"a":{"x":1},"b":[{"x":7},2,{"new":true}],"c":3,"d":{"e":null}}');
	expect(document).toEqual({ a: { x: 1 }, b: [{ x: 1 }, 2], c: 3 });
	expect(valueAt(result, ["b", "0"])).toEqual({ x: 7 });
	expect(valueAt(result, ["b", "0", "y", "z"])).toBeUndefined();
	expect(valueAt(result, ["constructor"])).toBeUndefined();
});

it("keys of pointers may have slashes", () => {
	expect(pathOf("")).toEqual([]);
	expect(pathOf("/maps_after/m/192.0.2.0~124/a~0b")).toEqual(["maps_after", "m", "192.0.2.0/24", "a~b"]);
});
