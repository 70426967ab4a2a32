// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { inTurn, median, rounded } from "./figure.js";

it("takes the middle value in any order", () => {
	expect(median([9, 1, 5])).toBe(5);
	expect(median([4, 1, 3, 2])).toBe(2.5);
	expect(() => median([])).toThrow("no values");
});

it("measures two sides in turn", async () => {
	const order: string[] = [];
	const side = (name: string) => async () => order.push(name);
	expect(await inTurn(2, side("a"), side("b"))).toEqual({ a: [1, 3], b: [2, 4] });
	expect(order).toEqual(["a", "b", "a", "b"]);
});

it("keeps three significant digits", () => {
	expect(rounded(1234.5)).toBe(1230);
	expect(rounded(0.012345)).toBe(0.0123);
});
