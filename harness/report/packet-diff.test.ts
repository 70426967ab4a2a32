// SPDX-License-Identifier: Apache-2.0
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { build } from "../data/packet/build.js";
import type { Layers } from "../data/packet/layers.js";
import { Random } from "../data/packet/random.js";
import { randomLayers } from "../data/packet/testpackets.js";
import { packetDiff } from "./packet-diff.js";

const medium = { width: 76, colour: false, unicode: true };
const text = "payload of some length that goes on and on for rows";
const packet = (ipv4: object = {}, payload = text): Uint8Array =>
	build([
		{ eth: {} },
		{ ipv4: { src: "198.51.100.1", ...ipv4 } },
		{ udp: { dport: 4000, check: 0 } },
		{ payload: { text: payload } },
	] as Layers);
const diff = (expected: Uint8Array, actual: Uint8Array, shown = medium) =>
	packetDiff(expected, actual, "ethernet", shown);

describe("packetDiff", () => {
	it("is empty for packets that are the same", () => {
		expect(diff(packet(), packet())).toEqual([]);
	});

	it("shows what differs in its layer, with a wrong checksum", () => {
		expect(diff(packet({ ttl: 63 }), packet({ ttl: 64, check: "0x8e93" }))).toEqual([
			"             expected                       | actual",
			"  eth        02:00:00:00:00:01 > 02:00:00:00:00:02",
			"* ipv4       198.51.100.1 > 192.0.2.2",
			"    ⋮",
			"    frag_off 0                              | 0",
			"*   ttl      63                             | 64",
			"    protocol udp                            | udp",
			"*   check    0x8f67                         | 0x8e93 wrong, should be 0x8e67",
			"    src      198.51.100.1                   | 198.51.100.1",
			"    ⋮",
			"  udp        49152 > 4000",
			"  payload    51 bytes",
		]);
	});

	const mangled = packet({}, text.replace("goes", "gxes"));
	it("shows rows of a payload where they differ, as wide as there is room", () => {
		expect(diff(packet(), mangled).slice(-3)).toEqual([
			"* payload   51 bytes",
			"*   0018    6861 7420 676f 6573 hat goes   | 6861 7420 6778 6573 hat gxes",
			"                                           |             ^^",
		]);
		expect(diff(packet(), mangled, { ...medium, width: 130 }).slice(-2)).toEqual([
			"*   0010    6c65 6e67 7468 2074 6861 7420 676f 6573 length that goes  | 6c65 6e67 7468 2074 6861 7420 6778 6573 length that gxes",
			"                                                                      |                                 ^^",
		]);
		expect(diff(packet(), mangled, { ...medium, width: 40 }).slice(-2)).toEqual([
			"*   001c    676f 6573    | 6778 6573",
			"                         |   ^^",
		]);
	});

	it("shows a layer that one side lacks, and lengths", () => {
		const tagged = build([{ eth: {} }, { vlan: { id: 7 } }, { ipv6: {} }, { payload: "01" }]);
		const plain = build([{ eth: {} }, { ipv6: {} }, { payload: "0102" }]);
		expect(diff(tagged, plain)).toEqual([
			"                expected                     | actual",
			"* eth           02:00:00:00:00:01 > 02:00:00:00:00:02",
			"    ⋮",
			"    src         02:00:00:00:00:01            | 02:00:00:00:00:01",
			"*   proto       802.1q                       | ipv6",
			"- vlan          id 7                         |",
			"-   pcp         0                            |",
			"-   flags       none                         |",
			"-   id          7                            |",
			"-   proto       ipv6                         |",
			"* ipv6          2001:db8::1 > 2001:db8::2",
			"    ⋮",
			"    flow_lbl    0x00000                      | 0x00000",
			"*   payload_len 1                            | 2",
			"    nexthdr     253                          | 253",
			"    ⋮",
			"* payload       1 byte                       | 2 bytes",
			"*   0000        01                  .        | 0102                ..",
			"                                             |   ^^",
		]);
	});

	it("bounds rows and lines", () => {
		const long = (byte: number) => build([{ eth: {} }, { payload: { length: 4000, byte } }]);
		const lines = diff(long(1), long(2));
		expect(lines.at(-1)).toBe("    and 494 more rows of 8 bytes");
		expect(lines.filter((line) => line.startsWith("*   00"))).toHaveLength(6);
		const tags: Layers = Array.from({ length: 12 }, (_, id) => ({ vlan: { id } }));
		const deep = build([{ eth: {} }, ...tags]);
		const cut = diff(build([{ eth: {} }, { payload: "00" }]), deep);
		expect(cut).toHaveLength(48);
		expect(cut.at(-1)).toMatch(/^ {2}and \d+ more lines$/);
	});

	it("keeps within the width, wraps what does not fit and marks in ASCII", () => {
		const ipv6 = (src: string) =>
			build([{ eth: {} }, { ipv6: { src } }, { tcp: { options: [{ timestamps: {} }] } }]);
		for (const width of [40, 52, 76, 100]) {
			const lines = diff(ipv6("2001:db8::1"), ipv6("2001:db8:1111:2222:3333:4444:5555:6666"), {
				...medium,
				width,
				unicode: false,
			});
			for (const line of lines) {
				expect(line.length, line).toBeLessThanOrEqual(width);
				expect(line).toMatch(/^[\x20-\x7e]*$/);
			}
		}
		expect(
			diff(ipv6("2001:db8::1"), ipv6("2001:db8:1111:2222:3333:4444:5555:6666"), { ...medium, width: 52 }),
		).toEqual(
			expect.arrayContaining([
				"*   src       2001:db8::1       | 2001:db8:1111:222",
				"                                | 2:3333:4444:5555:",
				"                                | 6666",
			]),
		);
	});

	it("shows a difference of any two packets that differ, within the width, and none of the same", () => {
		const random = new Random(7);
		for (let round = 0; round < 300; round++) {
			const { layers, ethernet } = randomLayers(random, true);
			const link = ethernet ? "ethernet" : "raw";
			const packet = build(layers);
			expect(packetDiff(packet, packet, link, medium)).toEqual([]);
			if (packet.length === 0) continue;
			const changed = Uint8Array.from(packet);
			const at = random.below(packet.length);
			changed[at] = changed[at]! ^ (1 << random.below(8));
			const cut = packet.subarray(0, random.below(packet.length));
			for (const other of [changed, cut, build(randomLayers(random, true).layers)]) {
				const width = 40 + random.below(100);
				const lines = packetDiff(packet, other, link, { ...medium, width });
				if (Buffer.compare(packet, other) === 0) continue;
				const marked = lines.some((line) => /^[*+-] /.test(line));
				expect({ layers, at, marked }).toEqual({ layers, at, marked: true });
				expect(lines.find((line) => line.length > width)).toBeUndefined();
			}
		}
	});

	it("colours only when told to, and the colours change nothing else", () => {
		const coloured = diff(packet({ ttl: 63 }), packet({ ttl: 64 }), { ...medium, colour: true });
		expect(coloured.join("\n")).toContain("\u001b[32m63");
		expect(coloured.join("\n")).toContain("\u001b[31m64");
		expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(
			diff(packet({ ttl: 63 }), packet({ ttl: 64 })),
		);
	});
});
