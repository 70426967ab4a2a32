// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readCapture } from "./capture.js";
import { Words } from "./testcapture.js";

const frame = Uint8Array.of(1, 2, 3, 4, 5);
const text = (value: string) => new TextEncoder().encode(value);

function sample(words: Words): Uint8Array {
	const padded = Buffer.concat([frame, new Uint8Array(3)]);
	return Buffer.concat([
		words.section(words.option(4, text("other"))),
		words.interface(1, 3, words.option(2, text("eth0"))),
		words.interface(
			101,
			0,
			words.option(9, Uint8Array.of(9)),
			words.option(
				14,
				Uint8Array.from(words.littleEndian ? [2, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 0, 2]),
			),
		),
		words.block(
			6,
			words.u32(0, 0, 7, 5, 5),
			padded,
			words.option(1, text("first")),
			words.option(1, text("second")),
			words.option(0, text("")),
		),
		words.block(5, words.u32(0, 0, 0)),
		words.block(6, words.u32(1, 1, 7, 5, 9), padded),
		words.block(2, words.u16(1, 0), words.u32(0, 8, 5, 5), padded, words.option(1, text("old"))),
		words.block(3, words.u32(100), frame.subarray(0, 3)),
		words.block(0xbad, text("custom")),
	]);
}

describe.each([true, false])("little endian %s", (littleEndian) => {
	const words = new Words(littleEndian);

	it("has enhanced, obsolete and simple packets of several interfaces, with comments", () => {
		const frames = readCapture("a.pcapng", sample(words));
		const bytes = Buffer.from(frame);
		expect(frames).toEqual([
			{ number: 1, bytes, length: 5, linkType: 1, fcs: 0, time: 7000n, comments: ["first", "second"] },
			{
				number: 2,
				bytes,
				length: 9,
				linkType: 101,
				fcs: 0,
				time: 2n ** 32n + 7n + 2_000_000_000n,
				comments: [],
			},
			{ number: 3, bytes, length: 5, linkType: 101, fcs: 0, time: 2_000_000_008n, comments: ["old"] },
			{ number: 4, bytes: bytes.subarray(0, 3), length: 100, linkType: 1, fcs: 0, comments: [] },
		]);
	});

	it("is refused or shorter wherever it is cut off", () => {
		const file = sample(words);
		let refused = 0;
		for (let size = 4; size < file.length; size++) {
			try {
				expect(readCapture("a.pcapng", file.subarray(0, size)).length).toBeLessThanOrEqual(4);
			} catch (error) {
				expect(error).toMatchObject({ name: "InputError" });
				refused++;
			}
		}
		expect(refused).toBe(file.length - 4 - 8);
	});

	it("never leads to anything but frames or an InputError", () => {
		const file = sample(words);
		for (let at = 0; at < file.length; at++)
			for (const value of [0, 1, 0x7f, 0xff]) {
				const changed = Uint8Array.from(file);
				changed[at] = value;
				try {
					readCapture("a.pcapng", changed);
				} catch (error) {
					expect(error).toMatchObject({ name: "InputError" });
				}
			}
	});
});

it("forgets interfaces in a new section, which may have the other byte order", () => {
	const sections = [new Words(true), new Words(false)].map(sample);
	expect(readCapture("a.pcapng", Buffer.concat(sections))).toHaveLength(8);
	const words = new Words(true);
	const alone = Buffer.concat([sections[0]!, words.section(), words.block(3, words.u32(1), frame)]);
	expect(() => readCapture("a.pcapng", alone)).toThrow(
		"a.pcapng: frame 5: is of interface 0, which is not described before it",
	);
});

describe("refuses", () => {
	const words = new Words(true);
	const begin = [words.section(), words.interface(1, 0)];
	const read = (...blocks: Uint8Array[]) => readCapture("a.pcapng", Buffer.concat([...begin, ...blocks]));
	const start = Buffer.concat(begin).length;

	it("a block whose two sizes differ, or that has none", () => {
		const block = words.block(3, words.u32(4), frame);
		block[block.length - 4] = 99;
		expect(() => read(block)).toThrow(
			`block at offset ${start}: has a size of 24 bytes at its start and 99 at its end`,
		);
		expect(() => read(words.u32(3, 13, 13, 0))).toThrow(
			`block at offset ${start}: claims a size of 13 bytes`,
		);
		expect(() => read(words.u32(3, 0, 0))).toThrow("claims a size of 0 bytes");
		expect(() => read(words.u32(3, 0x7ffffffc, 0))).toThrow(
			/is cut off: needs 2147483644 bytes, 12 are there/,
		);
	});

	it("a frame longer than its block, an option too", () => {
		expect(() => read(words.block(6, words.u32(0, 0, 0, 50, 50), frame))).toThrow(
			"a.pcapng: frame 1: is cut off: needs 78 ",
		);
		expect(() => read(words.block(3, words.u32(50), frame))).toThrow(
			"a.pcapng: frame 1: is cut off: needs 62 bytes",
		);
		const options = Buffer.concat([words.u16(1, 9), text("abc")]);
		expect(() => read(words.block(6, words.u32(0, 0, 0, 0, 0), options))).toThrow(
			"a.pcapng: frame 1: is cut off",
		);
	});

	it("another byte-order magic and another version", () => {
		expect(() => readCapture("a.pcapng", words.block(0x0a0d0d0a, words.u32(1, 2, 3, 4)))).toThrow(
			"a.pcapng: block at offset 0: has the byte-order magic 0x1, expected 0x1a2b3c4d",
		);
		const section = words.section();
		section[12] = 9;
		expect(() => readCapture("a.pcapng", section)).toThrow(
			"a.pcapng: section at offset 0: is of version 9.0",
		);
	});

	it("more than 1000 options and 1,100,000 blocks, and no fewer", () => {
		const options = (count: number) =>
			words.block(1, words.u32(1, 0), ...Array.from({ length: count }, () => words.u16(1, 0)));
		expect(read(options(1000))).toEqual([]);
		expect(() => read(options(1001))).toThrow("a.pcapng: interface 1: has more than 1000 options");
		const blocks = (count: number) => {
			const bytes = new Uint32Array(3 * count).fill(12);
			for (let at = 0; at < bytes.length; at += 3) bytes[at] = 0x99;
			return new Uint8Array(bytes.buffer);
		};
		expect(read(blocks(1_099_998))).toEqual([]);
		expect(() => read(blocks(1_099_999))).toThrow("more than 1100000 blocks are not read");
	});
});
