// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { writePcapng } from "../capture/write.js";
import { sampleObject } from "../package/elf/testobject.js";
import { openPackage } from "../package/package.js";
import { sampleManifest, temporaryFolder } from "../package/testpackage.js";
import { type Suite, suiteOf } from "./suite.js";

/** Frame n has the byte n at its end. */
const frameOf = (number: number) =>
	Buffer.from(`0200000000020200000000010806${number.toString(16).padStart(2, "0")}`, "hex");
const capture = (count: number) =>
	writePcapng(Array.from({ length: count }, (_, index) => ({ bytes: frameOf(index + 1) })));

async function suite(text: string, bytes: Uint8Array = capture(9)): Promise<Suite> {
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify({ ...sampleManifest, vectors: ["v/v.yaml", "w.yaml", "v/c.pcapng"] }),
		"bpf/count.bpf.o": sampleObject(),
		"v/v.yaml": text,
		"w.yaml": 'vectors: [ { name: other, packet: { hex: "0000000000000000000000000000" } } ]',
		"v/c.pcapng": bytes,
	});
	const found = suiteOf(await openPackage(folder.path));
	for (const { errors } of found.invalid)
		for (const error of errors) error.message = error.message.replaceAll(`${folder.path}/`, "");
	return found;
}

async function messages(text: string, bytes?: Uint8Array): Promise<string[]> {
	const { invalid, vectors } = await suite(text, bytes);
	expect(vectors.map((vector) => vector.case)).toEqual(["w/other"]);
	return invalid.flatMap(({ errors }) => errors.map(({ message }) => message));
}

const vector = (...lines: string[]) => `vectors:\n  - name: v\n    ${lines.join("\n    ")}\n`;

describe("frames", () => {
	it("are selected by a number too, where it is but one", async () => {
		const { vectors, invalid } = await suite(vector("packet: { pcap: c.pcapng, frames: 7 }"));
		expect(invalid).toEqual([]);
		expect(vectors.map((each) => each.case)).toEqual(["v/v/7", "w/other"]);
		expect(await messages(vector("packet: { pcap: c.pcapng, frames: 0 }"))).toEqual([
			expect.stringContaining("v/v.yaml:3: /vectors/0/packet/frames: frames are counted from 1"),
		]);
	});

	it("of a vector are cases of their own, each with what is expected of it", async () => {
		const { vectors, invalid } = await suite(
			vector(
				'packet: { pcap: c.pcapng, frames: "2-3,7-" }',
				"maps_before: { hits: { 1: 5 } }",
				'expect: { retval: XDP_PASS, maps_after: { hits: { 1: "+1" } } }',
				"each:",
				'  "2": { retval: XDP_DROP }',
				'  "3,8-": { maps_after: { hits: unchanged }, length: 15 }',
			),
		);
		expect(invalid).toEqual([]);
		expect(
			vectors
				.filter((each) => each.case !== "w/other")
				.map(({ case: name, isSequence, steps }) => [
					name,
					isSequence,
					steps.map(({ frame, packet, expected }) => [
						frame,
						packet?.at(-1),
						expected.retval,
						expected.length?.bytes,
						expected.maps.map((map) => map.expected.kind),
					]),
				]),
		).toEqual([
			["v/v/2", false, [[2, 2, 1, undefined, ["entries"]]]],
			["v/v/3", false, [[3, 3, 2, 15, ["unchanged"]]]],
			["v/v/7", false, [[7, 7, 2, undefined, ["entries"]]]],
			["v/v/8", false, [[8, 8, 2, 15, ["unchanged"]]]],
			["v/v/9", false, [[9, 9, 2, 15, ["unchanged"]]]],
		]);
	});

	it("of a sequence are packets of their own, in their order, also twice", async () => {
		const { vectors, invalid } = await suite(
			vector(
				"sequence:",
				'  - packet: { pcap: c.pcapng, frames: "8-,8,1" }',
				"    repeat: 2",
				'    each: { "8": { retval: XDP_DROP } }',
				"  - packet: { pcap: c.pcapng, frame: 4 }",
				'  - packet: { hex: "0000000000000000000000000000" }',
			),
		);
		expect(invalid).toEqual([]);
		expect(vectors[0]?.steps.map(({ frame, repeat, expected }) => [frame, repeat, expected.retval])).toEqual([
			[8, 2, 1],
			[9, 2, undefined],
			[8, 2, 1],
			[1, 2, undefined],
			[4, 1, undefined],
			[undefined, 1, undefined],
		]);
	});

	const some = (frames: string, ...more: string[]) =>
		vector(`packet: { pcap: c.pcapng, frames: "${frames}" }`, ...more);
	it.each([
		[
			"a frame past the end",
			some("1-10"),
			"v/v.yaml:3: /vectors/0/packet/frames: v/c.pcapng: frame 10: does not exist; the capture has 9 frames",
		],
		[
			"an open range past the end",
			some("20-"),
			"v/v.yaml:3: /vectors/0/packet/frames: v/c.pcapng: frame 20: does not exist; the capture has 9 frames",
		],
		[
			"an invalid selection",
			some("first"),
			'v/v.yaml:3: /vectors/0/packet/frames: "first" is not a frame number or range, as in "1-3,7,20-"',
		],
		[
			"a frame twice",
			some("1-3,2"),
			"v/v.yaml:3: /vectors/0/packet/frames: selects a frame twice; each is a case of its own",
		],
		[
			"more than can be",
			some("1-100001"),
			"v/v.yaml:3: /vectors/0/packet/frames: selects more than 100000 frames",
		],
		[
			"a frame beside them",
			vector('packet: { pcap: c.pcapng, frame: 1, frames: "1" }'),
			"v/v.yaml:3: /vectors/0/packet: cannot have frame beside frames",
		],
		[
			"each outside of them",
			some("1-3,7", 'each: { "2-4": { retval: 1 } }'),
			"v/v.yaml:4: /vectors/0/each/2-4: frame 4 is not among the packet's frames",
		],
		[
			"each open and outside",
			some("1-3,7", 'each: { "2-": { retval: 1 } }'),
			"v/v.yaml:4: /vectors/0/each/2-: frame 4 is not among the packet's frames",
		],
		[
			"each without end",
			some("1-3", 'each: { "9-": { retval: 1 } }'),
			"v/v.yaml:4: /vectors/0/each/9-: frame 9 is not among the packet's frames",
		],
		[
			"each twice",
			some("1-9", 'each: { "1-3": { retval: 1 }, "3-": { retval: 2 } }'),
			'v/v.yaml:4: /vectors/0/each/3-: frame 3 is selected by "1-3" already',
		],
		[
			"each that is not a selection",
			some("1-9", 'each: { "a/b": { retval: 1 } }'),
			'v/v.yaml:4: /vectors/0/each/a~1b: "a/b" is not a frame number or range, as in "1-3,7,20-"',
		],
		[
			"each with what cannot be",
			some("1-9", "each:", '  "1-3": { retval: 1 }', '  "5": { retval: TC_ACT_OK }'),
			'v/v.yaml:6: /vectors/0/each/5/retval: "TC_ACT_OK" is not a return value of programs of type xdp',
		],
		[
			"all with what cannot be",
			some("1-9", "expect: { retval: TC_ACT_OK }"),
			'v/v.yaml:4: /vectors/0/expect/retval: "TC_ACT_OK" is not a return value of programs of type xdp',
		],
		[
			"each beside a sequence",
			vector('sequence: [ { packet: { hex: "00" } } ]', "each: {}"),
			"v/v.yaml:4: /vectors/0/each: belongs to a packet of the sequence",
		],
	])("are refused with %s, which leaves the other files", async (_, text, message) => {
		expect(await messages(text)).toEqual([expect.stringContaining(message)]);
	});

	it("are refused of a capture that is cut, and of a wrong link type", async () => {
		const bytes = capture(9);
		expect(await messages(some("1-9"), bytes.subarray(0, bytes.length - 20))).toEqual([
			expect.stringMatching(/^v\/c\.pcapng: .*(cut|end)/),
		]);
		const other = Uint8Array.from(bytes);
		other[Buffer.from(bytes).indexOf(Buffer.from([1, 0, 0, 0]), 28) + 8] = 105;
		expect(await messages(some("1-9"), other)).toEqual([
			expect.stringContaining(
				"v/v.yaml:3: /vectors/0/packet/frames: v/c.pcapng: frame 1: is of link type 105 (IEEE 802.11)",
			),
		]);
	});

	it("of several vectors together make no more cases of a package than can be", async () => {
		const one = (name: string) => `  - { name: ${name}, packet: { pcap: c.pcapng, frames: "1-60000" } }\n`;
		const { vectors, invalid } = await suite(`vectors:\n${one("a")}${one("b")}${one("c")}`, capture(60_000));
		expect(invalid.flatMap(({ errors }) => errors.map(({ message }) => message))).toEqual([
			"v/v.yaml:3: /vectors/1: makes more than 100000 cases of the package's vectors, each counted where it is used",
		]);
		// Files behind are not read.
		expect(vectors).toEqual([]);
	});
});
