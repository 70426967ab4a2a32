// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { validator } from "../../base/validate.js";
import { toHex } from "./bytes.js";
import { Content, contentBytes, contentOf } from "./content.js";

const place = { file: "v.json", pointer: "/layers/0/payload" };
const hex = (content: unknown) => toHex(contentBytes(content, place));

it("is digits, text, a pattern, a length or random", () => {
	const forms: [unknown, string][] = [
		["de ad:be ef", "deadbeef"],
		[{ text: "hé" }, "68c3a9"],
		[{ hex: "0102", repeat: 3 }, "010201020102"],
		[{ hex: "0102" }, "0102"],
		[{ length: 3 }, "000000"],
		[{ length: 2, byte: 255 }, "ffff"],
	];
	for (const [content, bytes] of forms) {
		expect(hex(content)).toBe(bytes);
		expect(validator(Content).accepts(content)).toBe(true);
	}
});

it("is always the same for a seed", () => {
	expect(hex({ length: 8, seed: 1 })).toBe("f3c9ebfd2b30f05c");
	expect(hex({ length: 8, seed: 2 })).not.toBe(hex({ length: 8, seed: 1 }));
	expect(contentBytes({ length: 1500, seed: 1 }, place)).toHaveLength(1500);
});

it("is read as digits, or as a length when long and of one byte", () => {
	expect(contentOf(new Uint8Array(32))).toBe("00".repeat(32));
	expect(contentOf(new Uint8Array(33))).toEqual({ length: 33 });
	expect(contentOf(new Uint8Array(33).fill(7))).toEqual({ length: 33, byte: 7 });
});

it.each([
	["abc", '/layers/0/payload: "abc" is not pairs of hexadecimal digits'],
	[7, "/layers/0/payload: 7 is not content; expected hexadecimal digits or an object"],
	[
		{},
		"/layers/0/payload: has the keys of nothing; text, hex and repeat, length and byte, or length and seed are",
	],
	[{ text: "a", hex: "00" }, "/layers/0/payload: has the keys hex,text; "],
	[{ hex: "0" }, '/layers/0/payload/hex: "0" is not pairs of hexadecimal digits'],
	[{ length: 1e9 }, "/layers/0/payload/length: 1000000000 is not a number from 0 to 131072"],
	[{ length: 1, byte: 256 }, "/layers/0/payload/byte: 256 is not a number from 0 to 255"],
	[{ hex: "00".repeat(9), repeat: 100000 }, "/layers/0/payload/repeat: makes more than 131072 bytes"],
])("refuses %j", (content, message) => {
	expect(() => contentBytes(content, place)).toThrow(message);
	expect(() => contentBytes(content, place)).toThrow(expect.objectContaining({ name: "InputError" }));
});
