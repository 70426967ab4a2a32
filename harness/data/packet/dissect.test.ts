// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "./build.js";
import { dissect, locate } from "./dissect.js";

it("finds every field where it stands", () => {
	const bytes = build([
		{ eth: {} },
		{ vlan: { id: 5 } },
		{ ipv4: { ttl: 9, options: ["nop"] } },
		{ udp: {} },
		{ payload: "0a" },
	]);
	const layers = locate(bytes);
	expect(layers.map(({ name, offset, header, end }) => [name, offset, header, end])).toEqual([
		["eth", 0, 14, 51],
		["vlan", 14, 4, 51],
		["ipv4", 18, 24, 51],
		["udp", 42, 8, 51],
		["payload", 50, 1, 51],
	]);
	expect(layers[1]!.fields.id).toEqual({ value: 5, bit: 14 * 8 + 4, bits: 12 });
	expect(layers[2]!.fields.ttl).toEqual({ value: 9, bit: (18 + 8) * 8, bits: 8 });
	expect(layers[2]!.fields.tot_len!.value).toBe(33);
	expect(layers[2]!.fields.options).toEqual({ value: ["nop"], bit: 38 * 8, bits: 32 });
	expect(layers[4]!.fields.payload).toEqual({ value: "0a", bit: 50 * 8, bits: 8 });
});

it("leaves out what is computed, and keeps it where it is wrong", () => {
	const bytes = build([{ eth: {} }, { ipv4: {} }, { udp: {} }]);
	expect(dissect(bytes)).toEqual([{ eth: {} }, { ipv4: {} }, { udp: {} }]);
	bytes[24]! ^= 0xff;
	expect(dissect(bytes)).toEqual([
		{ eth: {} },
		{ ipv4: { check: expect.stringMatching(/^0x/) } },
		{ udp: {} },
	]);
});

it("reads a raw packet by its version, anything else as payload", () => {
	expect(dissect(build([{ ipv6: {} }, { udp: {} }]), "raw")).toEqual([{ ipv6: {} }, { udp: {} }]);
	expect(dissect(Uint8Array.of(0xff, 1), "raw")).toEqual([{ payload: "ff01" }]);
	expect(dissect(Uint8Array.of(1, 2, 3))).toEqual([{ payload: "010203" }]);
	expect(dissect(new Uint8Array())).toEqual([]);
});

it("stops in a packet that nests without end", () => {
	const tags = new Uint8Array(60_000);
	for (let at = 12; at < tags.length; at += 4) tags.set([0x81, 0x00], at);
	const layers = dissect(tags);
	expect(layers).toHaveLength(33);
	expect(build(layers)).toEqual(tags);
});
