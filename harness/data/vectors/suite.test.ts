// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { writePcapng } from "../capture/write.js";
import { sampleObject } from "../package/elf/testobject.js";
import { openPackage } from "../package/package.js";
import { sampleManifest, temporaryFolder } from "../package/testpackage.js";
import { type Suite, suiteOf } from "./suite.js";

const frame = Buffer.from("020000000002020000000001080600010800060400010000", "hex");

async function suite(files: Record<string, string | Uint8Array>): Promise<Suite> {
	const manifest = { ...sampleManifest, vectors: Object.keys(files) };
	await using folder = await temporaryFolder({
		"bpfgate.json": JSON.stringify(manifest),
		"bpf/count.bpf.o": sampleObject(),
		...files,
	});
	const found = suiteOf(await openPackage(folder.path));
	for (const { errors } of found.invalid)
		for (const error of errors) error.message = error.message.replaceAll(`${folder.path}/`, "");
	return found;
}

const messages = ({ invalid }: Suite) =>
	invalid.flatMap(({ errors }) => errors.map(({ message }) => message));

describe("the vectors of a package", () => {
	it("are read from JSON and YAML, with captures", async () => {
		const found = await suite({
			"v/a.yaml": [
				"maps_before: { hits: { 1: 5 } }",
				"vectors:",
				"  - name: hex",
				'    packet: { hex: "020000000002020000000001080600010800060400010000" }',
				'    expect: { retval: XDP_PASS, maps_after: { hits: { 1: "+1" } } }',
				"  - name: frame",
				"    packet: { pcap: ../c.pcapng, frame: 1 }",
			].join("\n"),
			"b.json": JSON.stringify({
				vectors: [
					{
						name: "sequence",
						rodata: { limit: 7 },
						maps_before: { hits: [{ key: 2, value: "0xffffffffffffffff" }] },
						sequence: [
							{ packet: { layers: [{ eth: {} }] } },
							{ packet: { layers: [{ eth: {} }] }, repeat: 3 },
						],
						expect: { maps_after: { hits: "unchanged" } },
					},
				],
			}),
			"c.pcapng": writePcapng([{ bytes: frame }]),
		});
		expect(messages(found)).toEqual([]);
		expect(
			found.vectors.map((vector) => [vector.case, vector.place.replace(/.*\//, ""), vector.steps.length]),
		).toEqual([
			["a/hex", "a.yaml:3", 1],
			["a/frame", "a.yaml:6", 1],
			["b/sequence", "b.json:1", 2],
		]);
		const [hex, captured, sequence] = found.vectors;
		expect(captured?.steps[0]?.packet).toEqual(hex?.steps[0]?.packet);
		expect(hex?.before[0]?.entries.map(({ label }) => label)).toEqual(["hits[1]"]);
		expect(sequence?.before[0]?.entries.map(({ label }) => label)).toEqual(["hits[2]"]);
		expect(sequence?.steps.map(({ repeat }) => repeat)).toEqual([1, 3]);
		expect(sequence?.subject.key).not.toBe(hex?.subject.key);
	});

	const packet = 'packet: { hex: "0000000000000000000000000000" }';
	const one = (...lines: string[]) => `vectors:\n  - name: v\n    ${lines.join("\n    ")}\n`;
	it.each([
		["no vectors", "x: 1", 'v.yaml:1: /: key "vectors" is missing'],
		["an unknown key", one(packet, "expects: {}"), 'v.yaml:2: /vectors/0: unknown key "expects"'],
		["no packet", one("expect: {}"), 'v.yaml:2: /vectors/0: key "packet" is missing'],
		[
			"a program that is not there",
			one(packet, "program: x"),
			'v.yaml:4: /vectors/0/program: there is no program "x"; bpf/count.bpf.o has count',
		],
		[
			"an object that is not there",
			`object: y.o\n${one(packet)}`,
			'v.yaml:1: /object: there is no object "y.o"; the package has bpf/count.bpf.o',
		],
		[
			"a field that is not there",
			one("packet:", "  layers:", "    - ipv4: { tll: 1 }"),
			'v.yaml:5: /vectors/0/packet/layers/0/ipv4: ipv4 has no field "tll"',
		],
		[
			"a value that does not fit",
			one("packet:", "  layers:", "    - ipv4:", "        ttl: 300"),
			"v.yaml:6: /vectors/0/packet/layers/0/ipv4/ttl: 300 does not fit into 8 bits",
		],
		[
			"layers that are not a list",
			one("packet: { layers: {} }"),
			"v.yaml:3: /vectors/0/packet/layers: must be an array",
		],
		[
			"two ways to give a packet",
			one('packet: { hex: "00", layers: [] }'),
			"v.yaml:3: /vectors/0/packet: must have exactly one of layers, hex and pcap",
		],
		[
			"a packet that is too short",
			one('packet: { hex: "00" }'),
			"v.yaml:3: /vectors/0/packet: has 1 bytes; the kernel wants an Ethernet header of 14",
		],
		[
			"a map that is not there",
			one(packet, "maps_before: { x: {} }"),
			"v.yaml:4: /vectors/0/maps_before/x: bpf/count.bpf.o has no map x; it has hits",
		],
		[
			"a key that does not fit",
			one(packet, "maps_before: { hits: { 4294967296: 1 } }"),
			"v.yaml:4: /vectors/0/maps_before/hits/4294967296: 4294967296 does not fit into __u32",
		],
		[
			"a relative value to write",
			one(packet, 'maps_before: { hits: { 1: "+1" } }'),
			'v.yaml:4: /vectors/0/maps_before/hits/1: "+1" does not fit long long unsigned int',
		],
		[
			"an entry without a key",
			one(packet, "maps_before: { hits: [ { value: 1 } ] }"),
			'v.yaml:4: /vectors/0/maps_before/hits/0: key "key" is missing',
		],
		[
			"constants as a map",
			one(packet, "maps_before: { .rodata: { limit: 1 } }"),
			"v.yaml:4: /vectors/0/maps_before/.rodata: constants are set by `rodata`",
		],
		[
			"a constant that is not there",
			one(packet, "rodata: { x: 1 }"),
			"v.yaml:4: /vectors/0/rodata/x: bpf/count.bpf.o has no constant of this name in .rodata",
		],
		[
			"a return value of another type",
			one(packet, "expect: { retval: TC_ACT_OK }"),
			'v.yaml:4: /vectors/0/expect/retval: "TC_ACT_OK" is not a return value of programs of type xdp; expected XDP_ABORTED, XDP_DROP',
		],
		[
			"a field of another context",
			one(packet, "context: { mark: 1 }"),
			'v.yaml:4: /vectors/0/context: struct xdp_md has no field "mark"',
		],
		[
			"where the packet is",
			one(packet, "context: { data_end: 1 }"),
			"v.yaml:4: /vectors/0/context/data_end: follows from the packet and its metadata",
		],
		[
			"metadata of half a word",
			one(packet, 'metadata: "0102"'),
			"v.yaml:4: /vectors/0/metadata: has 2 bytes; whole words of 4",
		],
		[
			"a CPU for XDP",
			one(packet, "cpu: 1"),
			"v.yaml:4: /vectors/0/cpu: only raw tracepoint programs run on a chosen CPU, not xdp",
		],
		[
			"events of a map that has none",
			one(packet, "expect: { events: { hits: [] } }"),
			"v.yaml:4: /vectors/0/expect/events/hits: bpf/count.bpf.o has no ring buffer or perf event array hits",
		],
		[
			"a mask without a packet",
			one(packet, 'expect: { packet: { mask: "ff" } }'),
			"v.yaml:4: /vectors/0/expect/packet: must have exactly one of layers, fields and hex",
		],
		[
			"a packet beside a sequence",
			one(packet, `sequence: [ { ${packet} } ]`),
			"v.yaml:3: /vectors/0/packet: belongs to a packet of the sequence",
		],
		[
			"a verdict beside a sequence",
			one(`sequence: [ { ${packet} } ]`, "expect: { retval: 1 }"),
			"v.yaml:4: /vectors/0/expect/retval: belongs to a packet of the sequence",
		],
		[
			"a length of less than nothing",
			one(packet, 'expect: { length: "-15" }'),
			"v.yaml:4: /vectors/0/expect/length: leaves less than nothing of 14 bytes",
		],
		[
			"a capture that is not listed",
			one("packet: { pcap: x.pcap, frame: 1 }"),
			'v.yaml:3: /vectors/0/packet/pcap: "x.pcap" is not a capture that the manifest lists',
		],
		[
			"a frame without a capture",
			one("packet: { frame: 1 }"),
			"v.yaml:3: /vectors/0/packet: must have exactly one of layers, hex and pcap",
		],
		[
			"expectations by frame without frames",
			one(packet, 'each: { "1": { retval: XDP_DROP } }'),
			"v.yaml:4: /vectors/0/each: goes with a packet that has `frames`",
		],
		[
			"frames without a capture",
			one('packet: { frames: "1-2" }'),
			"v.yaml:3: /vectors/0/packet: frames are those of a capture: pcap and frames belong together",
		],
		["a cycle", "vectors: &a [ *a ]", "v.yaml:1: the alias *a stands inside of what it names"],
	])("are refused with %s", async (_, text, message) => {
		const found = await suite({ "v.yaml": text });
		expect(messages(found)).toEqual([expect.stringContaining(message)]);
		expect(found.vectors).toEqual([]);
	});

	it("are refused with captures that are cut, of a wrong link type, or too short", async () => {
		const bytes = writePcapng([{ bytes: frame }]);
		const text = one("packet: { pcap: c.pcapng, frame: 1 }");
		expect(
			messages(await suite({ "v.yaml": text, "c.pcapng": bytes.subarray(0, bytes.length - 20) })),
		).toEqual([expect.stringMatching(/^c\.pcapng: /)]);
		const other = Uint8Array.from(bytes);
		const at = Buffer.from(bytes).indexOf(Buffer.from([1, 0, 0, 0]), 28);
		other[at + 8] = 105;
		expect(messages(await suite({ "v.yaml": text, "c.pcapng": other }))).toEqual([
			expect.stringContaining("is of link type 105 (IEEE 802.11)"),
		]);
		expect(
			messages(await suite({ "v.yaml": text.replace("frame: 1", "frame: 2"), "c.pcapng": bytes })),
		).toEqual([expect.stringContaining("frame 2: does not exist; the capture has 1 frame")]);
	});

	it("of one file being wrong leaves the others, and says all that is wrong", async () => {
		const found = await suite({
			"good.yaml": one(packet),
			"bad.yaml": `${one("program: x")}  - name: v\n    ${packet}\n  - name: w\n    ${packet}\n`,
		});
		expect(found.vectors.map((vector) => vector.case)).toEqual(["good/v"]);
		expect(found.invalid.map(({ stem }) => stem)).toEqual(["bad"]);
		expect(messages(found)).toEqual([
			expect.stringContaining('bad.yaml:3: /vectors/0/program: there is no program "x"'),
			"bad.yaml:4: /vectors/1/name: is the name of /vectors/0 already",
		]);
		const twice = await suite({
			"x.yaml": `${one(packet)}  - name: v\n    ${packet}\n`,
			"y/x.yaml": one(packet),
		});
		expect(messages(twice)).toEqual([
			"x.yaml:4: /vectors/1/name: is the name of /vectors/0 already",
			"y/x.yaml: its cases would be called as those of x.yaml",
		]);
	});
});
