// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { contentOf, der, NotDer, oid, readAll, readDer, readOid, tag } from "./der.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

describe("DER", () => {
	it.each([
		[0, "0400"],
		[127, "047f"],
		[128, "048180"],
		[255, "0481ff"],
		[256, "04820100"],
		[65536, "0483010000"],
	])("of %i bytes has its length in the fewest", (length, head) => {
		const content = new Uint8Array(length).fill(7);
		const written = der(tag.octetString, content);
		expect(hex(written.subarray(0, written.length - length))).toBe(head);
		expect(readDer(written)).toEqual({ tag: tag.octetString, content, bytes: written });
	});

	it("nests, and stands one after the other", () => {
		const first = der(tag.integer, Uint8Array.of(5));
		const written = der(tag.sequence, first, der(tag.null));
		expect(hex(written)).toBe("30050201050500");
		const parts = readAll(contentOf(readDer(written), tag.sequence));
		expect(parts.map((part) => [part.tag, hex(part.content)])).toEqual([
			[tag.integer, "05"],
			[tag.null, ""],
		]);
	});

	it.each([
		["1.2.840.113549.1.7.2", "06092a864886f70d010702"],
		["2.16.840.1.101.3.4.2.1", "0609608648016503040201"],
		["2.5.29.14", "0603551d0e"],
		["0.9.2342", "0603099226"],
	])("has object identifier %s", (dotted, bytes) => {
		expect(hex(oid(dotted))).toBe(bytes);
		expect(readOid(readDer(bytesOf(bytes)))).toBe(dotted);
	});

	it.each([
		["nothing", ""],
		["two values", "0500 0500"],
		["a tag without length", "30"],
		["a length that is not told", "30 80 05 00 00 00"],
		["a length of more than four bytes", "04 85 00 00 00 00 01 00"],
		["a truncated length", "04 82 01"],
		["a length beyond the end", "04 03 00 00"],
		["a length of four gigabytes", "04 84 ff ff ff ff 00"],
		["a length in more bytes than it needs", "04 81 01 00"],
		["a length with a leading zero", "04 82 00 80".padEnd(11 + 256, "0")],
		["a tag above 30", "1f 81 01 00"],
	])("is not %s", (_, text) => {
		expect(() => readDer(bytesOf(text))).toThrow(NotDer);
	});

	it.each([
		["empty", "0600"],
		["with a number that does not end", "0603551d8e"],
		["with leading zeros", "0604551d800e"],
		["with a number of 63 bits", "060a55ffffffffffffffff7f"],
	])("is no object identifier when %s", (_, text) => {
		expect(() => readOid(readDer(bytesOf(text)))).toThrow(NotDer);
	});

	it("of another kind is told from what was wanted", () => {
		expect(() => contentOf(readDer(bytesOf("0500")), tag.sequence)).toThrow(NotDer);
		expect(() => contentOf(undefined, tag.sequence)).toThrow(NotDer);
		expect(() => readOid(readDer(bytesOf("0500")))).toThrow(NotDer);
	});
});
