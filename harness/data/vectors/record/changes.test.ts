// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { frameSelections } from "./changes.js";

it("frames are selected by ranges", () => {
	expect(frameSelections([])).toEqual([]);
	expect(frameSelections([7])).toEqual(["7"]);
	expect(frameSelections([7, 2, 1, 3, 3, 9, 8])).toEqual(["1-3,7-9"]);
});

it("as many selections as it takes to read them", () => {
	const odd = Array.from({ length: 300 }, (_, index) => 2 * index + 1);
	const selections = frameSelections(odd);
	expect(selections.map((each) => each.split(",").length)).toEqual([256, 44]);
	expect(selections.join(",")).toBe(odd.join(","));
});
