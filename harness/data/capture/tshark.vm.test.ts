// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build } from "../packet/build.js";
import { type Layer, type Layers, layerKinds } from "../packet/layers.js";
import { Random } from "../packet/random.js";
import { randomLayers } from "../packet/testpackets.js";
import { writePcapng } from "./write.js";

/** Checksums are verified, packets taken one by one. */
const settings = [
	"ip.check_checksum:TRUE",
	"tcp.check_checksum:TRUE",
	"udp.check_checksum:TRUE",
	"sctp.checksum:CRC-32C",
	"tcp.analyze_sequence_numbers:FALSE",
	"ip.defragment:FALSE",
	"ipv6.defragment:FALSE",
	"arp.detect_request_storms:FALSE",
];
/** Programs' protocols by port: their bytes are random. */
const disabled = ["dns", "http", "tls", "m3ua"];
/** Groups and severity of epan/expert.h. */
const checksumGroup = 0x01000000;
const malformedGroup = 0x07000000;
const errorSeverity = 0x00800000;

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-tshark-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fields(file: Uint8Array, ...names: string[]): Promise<string[][]> {
	const path = join(folder, "capture");
	await writeFile(path, file);
	const options = settings.flatMap((setting) => ["-o", setting]);
	options.push(...disabled.flatMap((name) => ["--disable-protocol", name]));
	const wanted = names.flatMap((name) => ["-e", name]);
	const format = ["-T", "fields", "-E", "separator=/t", "-E", "aggregator=;"];
	const { stdout } = await execa("tshark", ["-n", "-r", path, ...options, ...format, ...wanted]);
	return stdout === "" ? [] : stdout.split("\n").map((line) => line.split("\t"));
}

/** What tshark holds against each packet; an empty text where nothing. */
async function complaints(packets: readonly { layers: Layers; ethernet?: boolean }[]): Promise<string[]> {
	const file = writePcapng(
		packets.map(({ layers, ethernet = true }) => ({
			bytes: build(layers),
			linkType: ethernet ? "ethernet" : "raw",
		})),
	);
	const rows = await fields(
		file,
		"_ws.expert.group",
		"_ws.expert.severity",
		"_ws.expert.message",
		"frame.protocols",
	);
	expect(rows).toHaveLength(packets.length);
	return rows.map(([groups = "", severities = "", messages = "", protocols = ""]) => {
		const severity = severities.split(";").map(Number);
		const bad = groups
			.split(";")
			.map(Number)
			.some(
				(group, index) =>
					[checksumGroup, malformedGroup].includes(group) || severity[index] === errorSeverity,
			);
		return bad || /length/i.test(messages) ? `${protocols}: ${messages}` : "";
	});
}

/** Of what an ICMP error quotes, tshark reads no second header that is longer than 8 bytes. */
function isTunnelled(layer: Layer): boolean {
	return "ipv4" in layer || "ipv6" in layer || "eth" in layer;
}

/**
 * Whether what the layers say makes sense beyond their form: an ICMP error quotes a packet, a route
 * has stops.
 */
function isPlausible(layers: Layers): boolean {
	return layers.every((layer, index) => {
		const [[name, value] = ["", {}]] = Object.entries<unknown>(layer as Record<string, unknown>);
		const [next] = Object.keys(layers[index + 1] ?? {});
		const [previous] = Object.keys(layers[index - 1] ?? {});
		const given: Record<string, unknown> = Object(value);
		const text = JSON.stringify(value);
		switch (name) {
			case "ipv4":
				return given.version === undefined;
			case "icmp":
				return /echo/.test(text) || (next === "ipv4" && !layers.slice(index + 2).some(isTunnelled));
			case "icmpv6":
				return /echo|neighbour|router/.test(text) || (next === "ipv6" && !given.rest);
			case "hopopts":
				return previous === "ipv6" && !/jumbo|tunnel_limit/.test(text);
			case "dstopts":
				return !/jumbo|router_alert/.test(text);
			case "routing":
				return Array.isArray(given.addresses) && given.segments_left === undefined && !given.data;
			case "sctp":
				return !/"chunk"|parameters/.test(text);
			default:
				return true;
		}
	});
}

it("finds nothing wrong with packets of every kind of layer", async () => {
	const random = new Random(42);
	const made = Array.from({ length: 6000 }, () => randomLayers(random, false));
	const packets = made.filter(({ layers }) => isPlausible(layers));
	expect(packets.length).toBeGreaterThan(1500);
	const kinds = new Set(packets.flatMap(({ layers }) => layers.flatMap((layer) => Object.keys(layer))));
	expect([...kinds].sort()).toEqual([...Object.keys(layerKinds), "payload"].sort());
	const found = await complaints(packets);
	const wrong = found.flatMap((text, index) =>
		text ? [`${text} ${JSON.stringify(packets[index]?.layers)}`] : [],
	);
	expect(wrong).toEqual([]);
});

describe("finds what was made wrong", () => {
	const ipv4: Layer[] = [{ eth: {} }, { ipv4: {} }];
	const ipv6: Layer[] = [{ eth: {} }, { ipv6: {} }];
	const data: Layer = { payload: "01020304" };
	const check = "0x1234";
	const cases: [string, Layers][] = [
		["an IPv4 checksum", [{ eth: {} }, { ipv4: { check } }, { udp: {} }]],
		["a TCP checksum", [...ipv4, { tcp: { check } }]],
		["a TCP checksum in IPv6", [...ipv6, { tcp: { check } }, data]],
		["a UDP checksum", [...ipv4, { udp: { check } }, data]],
		["no UDP checksum in IPv6", [...ipv6, { udp: { check: 0 } }, data]],
		["an ICMP checksum", [...ipv4, { icmp: { type: "echo-request", check } }, data]],
		["an ICMPv6 checksum", [...ipv6, { icmpv6: { type: "echo-request", check } }, data]],
		["an SCTP checksum", [...ipv4, { sctp: { check: "0x12345678", chunks: [{ data: {} }] } }]],
		[
			"a checksum inside a tunnel",
			[...ipv4, { udp: {} }, { vxlan: {} }, { eth: {} }, { ipv4: { check } }, { udp: {} }],
		],
		["an IPv4 length", [{ eth: {} }, { ipv4: { tot_len: 200 } }, { udp: {} }, data]],
		["an IPv4 header length", [{ eth: {} }, { ipv4: { ihl: 4 } }, { udp: {} }, data]],
		["an IPv6 length", [{ eth: {} }, { ipv6: { payload_len: 200 } }, { udp: {} }, data]],
		["a UDP length", [...ipv4, { udp: { len: 100 } }, data]],
		["a TCP header length", [...ipv4, { tcp: { doff: 3 } }, data]],
		[
			"a TCP option's length",
			[...ipv4, { tcp: { options: [{ option: { type: 2, length: 9, data: "0000" } }] } }],
		],
		["a cut IPv4 header", [{ eth: { proto: "ipv4" } }, { payload: "4500001c000000004011" }]],
		["a cut IPv6 header", [{ eth: { proto: "ipv6" } }, { payload: "60000000000011" }]],
		["a cut TCP header", [{ eth: {} }, { ipv4: { protocol: "tcp" } }, { payload: "c00000500000000000" }]],
		["a cut ARP packet", [{ eth: { proto: "arp" } }, { payload: "0001080006040001" }]],
	];
	it("each of them", async () => {
		const found = await complaints(cases.map(([, layers]) => ({ layers })));
		expect(cases.filter((_, index) => found[index] === "").map(([name]) => name)).toEqual([]);
	});
});

it("reads captures with their comments and interfaces", async () => {
	const bytes = build([{ eth: {} }, { ipv4: {} }, { udp: {} }, { payload: { text: "hello" } }]);
	const file = writePcapng([
		{ bytes, interface: "input", comments: ["vectors/a.json #/vectors/0: input"] },
		{ bytes, interface: "expected", comments: ["expected"], time: 1_700_000_000_000_001_000n },
		{
			bytes: bytes.subarray(14),
			interface: "actual",
			linkType: "raw",
			comments: ["ipv4/ttl: 64, not 63", "für alle"],
		},
	]);
	const names = [
		"frame.number",
		"frame.interface_name",
		"frame.comment",
		"frame.protocols",
		"frame.time_epoch",
	];
	expect(await fields(file, ...names)).toEqual([
		["1", "input", "vectors/a.json #/vectors/0: input", "eth:ethertype:ip:udp:data", "0.000001000"],
		["2", "expected", "expected", "eth:ethertype:ip:udp:data", "1700000000.000001000"],
		["3", "actual", "ipv4/ttl: 64, not 63;für alle", "raw:ip:udp:data", "1700000000.000002000"],
	]);
});
