// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { readCapture } from "./capture.js";
import { sectionComment } from "./pcapng.js";
import { writePcapng } from "./write.js";

const packet = Uint8Array.of(1, 2, 3, 4, 5);

it("writes pcapng that is read again", () => {
	const frames = readCapture(
		"out",
		writePcapng([
			{ bytes: packet, comments: ["größer", "two\nlines"], interface: "input" },
			{ bytes: packet.subarray(1), linkType: "raw", time: 1_700_000_000_123_456_789n },
			{ bytes: packet, interface: "input" },
		]),
	);
	expect(
		frames.map(({ bytes, linkType, comments, time }) => [bytes.length, linkType, comments, time]),
	).toEqual([
		[5, 1, ["größer", "two\nlines"], 1000n],
		[4, 101, [], 1_700_000_000_123_456_789n],
		[5, 1, [], 1_700_000_000_123_457_789n],
	]);
	expect(frames.map(({ bytes }) => bytes[0])).toEqual([1, 2, 1]);
});

it("says how long a packet was that is cut, and what the file is", () => {
	const file = writePcapng([{ bytes: packet, length: 9000 }], "größer");
	expect(readCapture("out", file)).toMatchObject([{ length: 9000, bytes: packet }]);
	expect(sectionComment(file)).toBe("größer");
	expect(sectionComment(writePcapng([{ bytes: packet, comments: ["a"] }]))).toBeUndefined();
	for (let size = 0; size < 60; size++) expect(() => sectionComment(file.subarray(0, size))).not.toThrow();
});

it("cuts a comment that is longer than an option", () => {
	const [frame] = readCapture("out", writePcapng([{ bytes: packet, comments: ["é".repeat(50_000)] }]));
	expect(frame?.comments[0]).toMatch(/^é{30000,}…$/);
});
