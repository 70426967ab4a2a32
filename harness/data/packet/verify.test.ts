// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "./build.js";
import { locate } from "./dissect.js";
import type { Layer, Layers } from "./layers.js";
import { wrongChecksums } from "./verify.js";

const eth: Layer = { eth: {} };
const data: Layer = { payload: "0102030405" };

/** Names of layers with what their checksum should be. */
function wrong(bytes: Uint8Array): [string | undefined, string][] {
	const layers = locate(bytes);
	return [...wrongChecksums(layers, bytes)].map(([index, should]) => [layers[index]?.name, should]);
}

/** What the layer's checksum is when it is right. */
function right(layers: Layers, name: string): unknown {
	return locate(build(layers)).find((layer) => layer.name === name)?.fields.check?.value;
}

describe("wrongChecksums", () => {
	const packets: [string, (given: Record<string, unknown>) => Layers][] = [
		["ipv4", (given) => [eth, { ipv4: given }, { udp: {} }, data]],
		["udp", (given) => [eth, { ipv4: {} }, { udp: given }, data]],
		["udp", (given) => [eth, { vlan: {} }, { ipv6: {} }, { udp: given }, data]],
		["tcp", (given) => [eth, { ipv6: {} }, { hopopts: {} }, { tcp: given }, data]],
		["icmp", (given) => [eth, { ipv4: {} }, { icmp: { type: "echo-request", ...given } }, data]],
		["icmpv6", (given) => [eth, { ipv6: {} }, { icmpv6: { type: "echo-request", ...given } }, data]],
		["gre", (given) => [eth, { ipv4: {} }, { gre: { flags: ["checksum"], ...given } }, { ipv4: {} }, data]],
		["tcp", (given) => [eth, { ipv4: {} }, { gre: {} }, { ipv4: {} }, { tcp: given }, data]],
	];
	it.each(packets)("tells what that of %s should be, and nothing when it is right", (name, layers) => {
		expect(wrong(build(layers({})))).toEqual([]);
		expect(wrong(build(layers({ check: "0x1234" })))).toEqual([[name, right(layers({}), name)]]);
	});

	it("tells that of SCTP, which has 32 bits", () => {
		const sctp = (given: Record<string, unknown>): Layers => [
			eth,
			{ ipv4: {} },
			{ sctp: { chunks: [{ data: {} }], ...given } },
		];
		expect(wrong(build(sctp({})))).toEqual([]);
		expect(wrong(build(sctp({ check: "0x12345678" })))).toEqual([["sctp", right(sctp({}), "sctp")]]);
	});

	it("tells none of UDP where there is none", () => {
		expect(wrong(build([eth, { ipv4: {} }, { udp: { check: 0 } }, data]))).toEqual([]);
	});

	it("tells that of padded packets, whose padding does not count", () => {
		const padded = (check: Record<string, unknown>): Layers => [
			eth,
			{ ipv4: { trailer: "000000" } },
			{ udp: check },
			data,
		];
		expect(wrong(build(padded({})))).toEqual([]);
		expect(wrong(build(padded({ check: 1 })))).toEqual([["udp", right(padded({}), "udp")]]);
	});

	const bad = { check: "0x1234" };
	it.each<[string, Layers]>([
		["the first fragment", [eth, { ipv4: { flags: ["mf"] } }, { udp: bad }, data]],
		["the first IPv6 fragment", [eth, { ipv6: {} }, { fragment: { flags: ["mf"] } }, { udp: bad }, data]],
		["a packet that was cut", [eth, { ipv4: { tot_len: 100 } }, { tcp: bad }, data]],
		["an IPv6 packet that was cut", [eth, { ipv6: { payload_len: 100 } }, { tcp: bad }, data]],
		["a datagram that was cut", [eth, { ipv4: {} }, { udp: { len: 100, ...bad } }, data]],
		[
			"what an ICMP error quotes in part",
			[
				eth,
				{ ipv4: {} },
				{ icmp: { type: "destination-unreachable" } },
				{ ipv4: { tot_len: 100 } },
				{ udp: bad },
			],
		],
	])("cannot tell that of the transport in %s", (_, layers) => {
		expect(wrong(build(layers))).toEqual([]);
	});

	it("still tells that of the IPv4 header of a fragment", () => {
		expect(
			wrong(build([eth, { ipv4: { flags: ["mf"], ...bad } }, { udp: bad }])).map(([name]) => name),
		).toEqual(["ipv4"]);
	});
});
