// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import type { CaseResult } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { readCapture } from "../data/capture/capture.js";
import { writePcapng } from "../data/capture/write.js";
import { captureOf, capturePaths, markedPath, packetsOf } from "./captures.js";
import { evident, failure, stepOf, udpPacket } from "./testpackets.js";

const pathsOf = (...results: CaseResult[]) => [...capturePaths(documentOf(results)).values()];
function framesOf(result: CaseResult) {
	const packets = packetsOf(result);
	return packets ? readCapture("x", captureOf(result, packets, "x.pcapng")) : [];
}

describe("captures", () => {
	it("are those of failures that have packets", () => {
		const step = stepOf();
		const { input: _, actual: __, expected: ___, ...bare } = step;
		expect(
			pathsOf(
				failure("v/failed"),
				failure("v/passed", {}, { outcome: "pass" }),
				failure("v/undecided", {}, { outcome: "error" }),
				failure("v/without", { steps: [bare] }),
				failure("v/none", {}, { evidence: {} }),
				failure("v/other", {}, { evidence: { packets: ["00"] } }),
				failure("v/frames/12", {}, { kernel: "5.10" }),
			),
		).toEqual(["router/6.12/v/failed.pcapng", "router/5.10/v/frames/12.pcapng"]);
	});

	it("have names that lead nowhere else, and no two the same", () => {
		const paths = pathsOf(
			failure("../../etc/passwd"),
			failure("v/a b"),
			failure("v/A b"),
			failure("v/a:b"),
			failure("v/a_b"),
			failure("/.hidden."),
			failure(`v/${"x".repeat(300)}`),
			failure("v/\u001b[2J", {}, { package: "../x\u0000", kernel: ".." }),
		);
		expect(paths).toEqual([
			"router/6.12/_/_/etc/passwd.pcapng",
			"router/6.12/v/a b.pcapng",
			"router/6.12/v/A b-2.pcapng",
			"router/6.12/v/a_b.pcapng",
			"router/6.12/v/a_b-2.pcapng",
			"router/6.12/_/_.hidden.pcapng",
			`router/6.12/v/${"x".repeat(128)}.pcapng`,
			"_.._x_/_/v/__2J.pcapng",
		]);
	});

	it("have what went in, what should have come out and what did, of every packet, with comments", () => {
		const right = stepOf(1, {
			expected: evident(udpPacket()),
			mismatches: [],
			retval: { actual: "XDP_PASS" },
			frame: 7,
		});
		const packets = { steps: [right, stepOf(2)], after: ["map hits[1]: expected 2, got 3"] };
		const frames = framesOf(failure("v/session", packets));
		expect(frames.map(({ bytes }) => Buffer.from(bytes))).toEqual(
			[udpPacket(), udpPacket(), udpPacket(), udpPacket(), udpPacket({ ttl: 63 }), udpPacket()].map(
				Buffer.from,
			),
		);
		const first = "v/session of router on 6.12, packet 1 of 2 (frame 7)";
		const second = "v/session of router on 6.12, packet 2 of 2";
		expect(frames.map(({ comments }) => comments)).toEqual([
			[first, "input", "retval XDP_PASS, nothing expected"],
			[first, "expected, from the vector"],
			[first, "actual", "retval XDP_PASS, nothing expected", "no differences in this packet"],
			[second, "input", "retval XDP_PASS, expected XDP_PASS"],
			[second, "expected, from the vector"],
			[
				second,
				"actual",
				"retval XDP_PASS, expected XDP_PASS",
				"ipv4.ttl: expected 63, got 64",
				"after all packets: map hits[1]: expected 2, got 3",
			],
		]);
	});

	it("say where an expected packet is made of the actual one, and where there is none", () => {
		const comments = (more: Parameters<typeof stepOf>[1]) =>
			framesOf(failure("v/x", { steps: [stepOf(1, more)] })).map((frame) =>
				frame.comments.slice(1).join("; "),
			);
		expect(comments({ expected_from: "fields" })[1]).toMatch(/^expected, the actual packet with the fields/);
		expect(comments({ expected_from: "mask" })[1]).toMatch(/^expected, .* masked bits/);
		const { expected: _, expected_from: __, ...without } = stepOf();
		const frames = framesOf(failure("v/x", { steps: [without] }));
		expect(frames).toHaveLength(2);
		expect(frames[1]?.comments.at(-1)).toBe("the vector does not determine a whole packet");
	});

	it("say what of a packet that is not given back is known on the one that went in", () => {
		const {
			actual: _,
			expected: __,
			expected_from: ___,
			...netfilter
		} = stepOf(1, {
			link: "raw",
			input: evident(udpPacket().subarray(14)),
			retval: { actual: "NF_DROP", expected: "NF_ACCEPT" },
			mismatches: ["retval: expected NF_ACCEPT, got NF_DROP"],
		});
		const [frame, ...others] = framesOf(failure("v/x", { steps: [netfilter] }));
		expect(others).toEqual([]);
		expect(frame).toMatchObject({
			linkType: 101,
			comments: expect.arrayContaining([
				"retval NF_DROP, expected NF_ACCEPT",
				"retval: expected NF_ACCEPT, got NF_DROP",
			]),
		});
	});

	it("say what was cut and what is left out", () => {
		const cut = { ...evident(udpPacket()), length: 70_000 };
		const frames = framesOf(failure("v/x", { total: 9, steps: [stepOf(3, { actual: cut })] }));
		expect(frames.at(-1)).toMatchObject({
			length: 70_000,
			bytes: expect.toSatisfy((bytes) => bytes.length === 47),
		});
		expect(frames.at(-1)?.comments).toEqual(
			expect.arrayContaining([
				"cut: 47 of 70000 bytes",
				"8 of 9 packets are left out: evidence has a size limit",
			]),
		);
	});

	it("let no control character of a package into a comment", () => {
		const comments = framesOf(failure("v/\u001b[2J\n", {}, { package: "p\u0007" })).flatMap(
			(frame) => frame.comments,
		);
		// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not get through
		for (const comment of comments) expect(comment).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
	});
});

describe("markedPath", () => {
	it("is what the capture says, and nothing of other files", () => {
		const result = failure("v/x");
		const packets = packetsOf(result)!;
		const bytes = captureOf(result, packets, "router/6.12/v/x.pcapng");
		expect(markedPath(bytes)).toBe("router/6.12/v/x.pcapng");
		expect(markedPath(bytes.subarray(0, 400))).toBe("router/6.12/v/x.pcapng");
		expect(markedPath(bytes.subarray(0, 40))).toBeUndefined();
		expect(markedPath(writePcapng([]))).toBeUndefined();
		expect(markedPath(writePcapng([], "mine"))).toBeUndefined();
		expect(markedPath(Buffer.from("#!/bin/sh"))).toBeUndefined();
		expect(markedPath(new Uint8Array())).toBeUndefined();
	});
});
