// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { fromHex, readBits, toHex, writeBits } from "./bytes.js";

it("reads and writes bits anywhere, and only those", () => {
	for (let bit = 0; bit < 16; bit++)
		for (let count = 1; count <= 32; count++)
			for (const fill of [0, 0xff]) {
				const bytes = new Uint8Array(6).fill(fill);
				const value = Math.floor(0xa5c3_9e71 / 2 ** (32 - count));
				writeBits(bytes, bit, count, value);
				expect(readBits(bytes, bit, count)).toBe(value);
				writeBits(bytes, bit, count, fill === 0 ? 0 : 2 ** count - 1);
				expect(bytes).toEqual(new Uint8Array(6).fill(fill));
			}
});

it("reads hexadecimal digits with spaces and colons", () => {
	expect(toHex(fromHex("de:ad BE\nef")!)).toBe("deadbeef");
	expect(fromHex("abc")).toBeUndefined();
	expect(fromHex("zz")).toBeUndefined();
});
