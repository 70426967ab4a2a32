// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readCapture } from "./capture.js";
import { Words } from "./testcapture.js";

const frame = Uint8Array.of(1, 2, 3, 4, 5);

describe.each([true, false])("little endian %s", (littleEndian) => {
	const words = new Words(littleEndian);

	it.each([
		["microseconds", 0xa1b2c3d4, 1_000_000_002_000n],
		["nanoseconds", 0xa1b23c4d, 1_000_000_000_002n],
	])("is read with %s", (_, magic, time) => {
		const file = words.pcap(
			magic,
			1,
			words.record(1000, 2, frame),
			words.record(1000, 3, frame.subarray(0, 2), 60),
		);
		const frames = readCapture("a.pcap", file);
		expect(frames).toHaveLength(2);
		expect(frames[0]).toEqual({
			number: 1,
			bytes: Buffer.from(frame),
			length: 5,
			linkType: 1,
			fcs: 0,
			time,
			comments: [],
		});
		expect(frames[1]).toMatchObject({ number: 2, length: 60 });
	});

	it("is refused when it is cut off anywhere but between frames", () => {
		const file = words.pcap(0xa1b2c3d4, 1, words.record(0, 0, frame), words.record(0, 0, frame));
		const whole = [24, 45, 66];
		for (let size = 4; size < file.length; size++) {
			const attempt = () => readCapture("a.pcap", file.subarray(0, size));
			if (whole.includes(size)) expect(attempt()).toHaveLength(whole.indexOf(size));
			else
				expect(attempt).toThrow(
					size < 24
						? /^a\.pcap: file header: is cut off/
						: /^a\.pcap: frame [12]: is cut off: needs \d+ bytes, \d+ are there$/,
				);
		}
	});
});

const words = new Words(true);

it("refuses absurd lengths and other versions", () => {
	const huge = Buffer.concat([words.u32(0, 0, 0xffffffff, 0xffffffff), frame]);
	expect(() => readCapture("a.pcap", words.pcap(0xa1b2c3d4, 1, huge))).toThrow(
		"a.pcap: frame 1: claims 4294967295 bytes; at most 262144 are read",
	);
	const other = words.pcap(0xa1b2c3d4, 1);
	other[4] = 3;
	expect(() => readCapture("a.pcap", other)).toThrow("a.pcap: file header: is of version 3.4; 2.4 is read");
});

it("says how long the frame check sequence is", () => {
	expect(
		readCapture("a.pcap", words.pcap(0xa1b2c3d4, 0x24000001, words.record(0, 0, frame)))[0],
	).toMatchObject({
		linkType: 1,
		fcs: 4,
	});
});

it("refuses what is not a capture", () => {
	const text = new TextEncoder().encode("hello");
	expect(() => readCapture("a.txt", text)).toThrow(
		"a.txt: offset 0: is neither pcap nor pcapng: begins with 68656c6c",
	);
	expect(() => readCapture("a.txt", new Uint8Array())).toThrow("a.txt: is empty");
});

describe("compressed with gzip", () => {
	const plain = words.pcap(0xa1b2c3d4, 1, words.record(1, 2, frame), words.record(3, 4, frame));
	const packed = gzipSync(plain);

	it("is read as what it contains", () => {
		expect(readCapture("a.pcap.gz", packed)).toEqual(readCapture("a.pcap", plain));
		const members = Buffer.concat([gzipSync(plain.subarray(0, 30)), gzipSync(plain.subarray(30))]);
		expect(readCapture("a.pcap.gz", members)).toHaveLength(2);
	});

	it("is refused when it is damaged, cut off, or packed twice", () => {
		for (let size = 2; size < packed.length; size++)
			expect(() => readCapture("a.gz", packed.subarray(0, size))).toThrow(
				/^a\.gz: cannot be unpacked with gzip: /,
			);
		const damaged = Uint8Array.from(packed);
		damaged[packed.length - 6]! ^= 1;
		expect(() => readCapture("a.gz", damaged)).toThrow("a.gz: cannot be unpacked with gzip: ");
		expect(() => readCapture("a.gz", gzipSync(packed))).toThrow(
			"a.gz: offset 0: is neither pcap nor pcapng: begins with 1f8b",
		);
		expect(() => readCapture("a.gz", gzipSync("hello"))).toThrow("is neither pcap nor pcapng");
		expect(() => readCapture("a.gz", gzipSync(""))).toThrow("a.gz: is empty");
	});

	it("does not unpack a bomb", () => {
		const bomb = gzipSync(Buffer.alloc(129 * 1024 * 1024), { level: 1 });
		expect(() => readCapture("a.gz", bomb)).toThrow(
			"a.gz: has more than 134217728 bytes when unpacked, the most that are read",
		);
	});
});

it("reads a million frames, and refuses one more", () => {
	const words = new Words(true);
	const header = words.pcap(0xa1b2c3d4, 1);
	const records = (count: number) => {
		const bytes = new Uint8Array(header.length + 16 * count);
		bytes.set(header);
		return bytes;
	};
	expect(readCapture("a.pcap", records(1_000_000))).toHaveLength(1_000_000);
	expect(() => readCapture("a.pcap", records(1_000_001))).toThrow(
		"a.pcap: frame 1000001: more than 1000000 frames are not read",
	);
});
