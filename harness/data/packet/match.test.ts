// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "./build.js";
import { matchLayers } from "./match.js";

const actual = build([
	{ eth: {} },
	{ ipv4: { ttl: 63, id: 7 } },
	{ udp: { dport: 53 } },
	{ payload: "0102" },
]);

it("looks at the fields that are given", () => {
	expect(matchLayers([{ ipv4: { ttl: 63 } }, { udp: {} }], actual)).toEqual([]);
	expect(matchLayers([{ ipv4: { ttl: "0x3f", protocol: 17 } }], actual)).toEqual([]);
	expect(matchLayers([{ payload: "01 02" }], actual)).toEqual([]);
	expect(
		matchLayers([{ udp: { dport: 54, check: "0x0000" } }], actual).map(({ kind, field }) => [kind, field]),
	).toEqual([
		["udp", "dport"],
		["udp", "check"],
	]);
});

it("wants checksums and lengths of the layers that are named", () => {
	const stale = build([
		{ eth: {} },
		{ ipv4: { ttl: 63, check: "0xbeef" } },
		{ udp: { len: 9 } },
		{ payload: "0102" },
	]);
	expect(matchLayers([{ eth: {} }], stale)).toEqual([]);
	expect(matchLayers([{ ipv4: { ttl: 63 } }], stale)).toEqual([
		expect.objectContaining({ layer: 1, kind: "ipv4", field: "check", actual: "0xbeef", offset: 24 }),
	]);
	expect(matchLayers([{ ipv4: { check: "0xbeef" } }], stale)).toEqual([]);
	expect(matchLayers([{ udp: {} }], stale)).toContainEqual(
		expect.objectContaining({ kind: "udp", field: "trailer", actual: "02 (1 bytes)" }),
	);
});

it("lets a UDP checksum be absent", () => {
	const without = build([{ eth: {} }, { ipv4: {} }, { udp: { check: 0 } }]);
	expect(matchLayers([{ udp: {} }], without)).toEqual([]);
});

it("wants the layers one behind the other", () => {
	expect(matchLayers([{ eth: {} }, { udp: {} }], actual)).toEqual([
		{ layer: 0, kind: "eth", field: "", expected: "eth udp", actual: "eth ipv4 udp payload", offset: 0 },
	]);
});

it("compares options and messages of another type", () => {
	const syn = build([{ eth: {} }, { ipv4: {} }, { tcp: { options: [{ mss: 1460 }, "nop"] } }]);
	expect(matchLayers([{ tcp: { options: [{ mss: 1400 }, "nop"] } }], syn)[0]).toMatchObject({ kind: "tcp" });
	const echo = build([{ eth: {} }, { ipv4: {} }, { icmp: { id: 7 } }]);
	const differences = matchLayers([{ icmp: { type: "redirect", gateway: "10.0.0.1" } }], echo);
	expect(differences[0]).toMatchObject({
		kind: "icmp",
		field: "type",
		expected: "redirect",
		actual: "echo-request",
	});
});

it("refuses fields that cannot be", () => {
	expect(() =>
		matchLayers([{ ipv4: { ttl: 256 } }], actual, { place: { file: "v.json", pointer: "/expect" } }),
	).toThrow("v.json: /expect/0/ipv4/ttl: 256 does not fit into 8 bits");
});
