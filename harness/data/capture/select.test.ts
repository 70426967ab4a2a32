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
		expect(() => select({ linkType: 105 })).toThrow(
			"a.pcap: frame 1: is of link type 105 (IEEE 802.11); Ethernet (1), raw IP (101) and Linux cooked (113, 276) are read",
		);
		expect(() => select({ linkType: 999 })).toThrow("a.pcap: frame 1: is of link type 999; ");
	});

	const from = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
	const cooked = (linkType: number, hex: string) => {
		const bytes = from(hex);
		return Buffer.from(select({ linkType, bytes, length: bytes.length })!.bytes).toString("hex");
	};

	it("gets an Ethernet header in place of that of a Linux cooked capture", () => {
		const ethernet = "000000000000 020000000009 0800 45000014".replaceAll(" ", "");
		expect(cooked(113, "0004 0001 0006 0200000000090000 0800 45000014")).toBe(ethernet);
		expect(cooked(276, "0800 0000 00000002 0001 04 06 0200000000090000 45000014")).toBe(ethernet);
	});

	it("has no address where the cooked header has none of Ethernet", () => {
		expect(cooked(113, "0000 fffe 0000 ffffffffffffffff 86dd 60")).toBe(`${"00".repeat(12)}86dd60`);
		expect(cooked(276, "86dd 0000 00000002 fffe 00 08 ffffffffffffffff 60")).toBe(`${"00".repeat(12)}86dd60`);
	});

	it.each([
		[
			113,
			"0004 0001 0006 0200000000090000 08",
			"a.pcap: frame 1: has 15 bytes; a Linux cooked header has 16",
		],
		[276, "0800", "a.pcap: frame 1: has 2 bytes; a Linux cooked header has 20"],
		[
			113,
			"0004 0001 0006 0200000000090000 0004 4242",
			"has no EtherType: its Linux cooked header has protocol 0x0004",
		],
	])("of link type %i is refused: %s", (linkType, hex, message) => {
		expect(() => cooked(linkType, hex)).toThrow(message);
	});

	it("is whole, without its frame check sequence", () => {
		expect(() => select({ length: 60 })).toThrow(
			"a.pcap: frame 1: is cut off: 20 of its 60 bytes were captured",
		);
		expect(select({ fcs: 4 })?.bytes).toHaveLength(16);
	});
});
