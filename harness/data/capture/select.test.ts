// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CapturedFrame } from "./frame.js";
import { parseSelection, selectFrames } from "./select.js";

const frames: CapturedFrame[] = Array.from({ length: 5 }, (_, index) => ({
	number: index + 1,
	bytes: new Uint8Array(20),
	length: 20,
	linkType: 1,
	fcs: 0,
	comments: [],
}));
const numbers = (selection: string) =>
	selectFrames("a.pcap", frames, parseSelection("v.json", "/frames", selection)).map(({ number }) => number);

it("selects numbers and ranges in the order given", () => {
	expect(numbers("1-3")).toEqual([1, 2, 3]);
	expect(numbers("5, 2-3,2")).toEqual([5, 2, 3, 2]);
	expect(numbers("4-")).toEqual([4, 5]);
	expect(selectFrames("a.pcap", frames)).toHaveLength(5);
	expect(selectFrames("a.pcap", [])).toEqual([]);
});

it.each([
	["", 'v.json: /frames: "" is not a frame number or range, as in "1-3,7,20-"'],
	["1-3,", 'v.json: /frames: "" is not a frame number'],
	["a", 'v.json: /frames: "a" is not a frame number'],
	["0", "v.json: /frames: frames are counted from 1"],
	["3-2", "v.json: /frames: the range 3-2 ends before it begins"],
	["1,".repeat(300), "v.json: /frames: has more than 256 ranges"],
	["6", "a.pcap: frame 6: does not exist; the capture has 5 frames"],
	["1-200", "a.pcap: frame 6: does not exist; the capture has 5 frames"],
	["9-", "a.pcap: frame 9: does not exist; the capture has 5 frames"],
])("refuses %j", (selection, message) => {
	expect(() => numbers(selection)).toThrow(message);
});

describe("a frame", () => {
	const select = (changes: Partial<CapturedFrame>) =>
		selectFrames("a.pcap", [{ ...frames[0]!, ...changes }])[0];

	it("is Ethernet or IP", () => {
		expect(select({})?.link).toBe("ethernet");
		for (const linkType of [101, 12, 228, 229]) expect(select({ linkType })?.link).toBe("raw");
		expect(() => select({ linkType: 113 })).toThrow(
			"a.pcap: frame 1: is of link type 113 (Linux cooked); Ethernet (1) and raw IP (101) are read",
		);
		expect(() => select({ linkType: 999 })).toThrow("a.pcap: frame 1: is of link type 999; ");
	});

	it("is whole, without its frame check sequence", () => {
		expect(() => select({ length: 60 })).toThrow(
			"a.pcap: frame 1: is cut off: 20 of its 60 bytes were captured",
		);
		expect(select({ fcs: 4 })?.bytes).toHaveLength(16);
	});
});
