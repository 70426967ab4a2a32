// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { crc32c, internetChecksum, wordSum } from "./checksum.js";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

it("is as in the example of RFC 1071", () => {
	expect(internetChecksum(wordSum(bytes("0001f203f4f5f6f7")))).toBe(0xffff - 0xddf2);
	expect(internetChecksum(wordSum(bytes("0001f203")), wordSum(bytes("f4f5f6f7")))).toBe(0xffff - 0xddf2);
});

it("counts an odd byte as the upper one, and folds all carries", () => {
	expect(internetChecksum(wordSum(bytes("01")))).toBe(0xfeff);
	expect(internetChecksum(wordSum(new Uint8Array(0x20000).fill(0xff)))).toBe(0);
	expect(internetChecksum(0)).toBe(0xffff);
});

it("has the check value of CRC-32C, and that of RFC 3720 B.4", () => {
	expect(crc32c(new TextEncoder().encode("12345"), new TextEncoder().encode("6789"))).toBe(0xe3069283);
	expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
});
