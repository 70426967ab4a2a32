// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../packet/build.js";
import { diffPackets } from "../packet/diff.js";
import type { Layers } from "../packet/layers.js";
import { mismatchText, packetMismatches } from "./mismatch.js";

function told(expected: Layers, actual: Layers): string[] {
	const packet = build(actual);
	return packetMismatches(diffPackets(build(expected), packet), packet).map(mismatchText);
}

const plain = (ipv4: object, text: string): Layers => [
	{ eth: {} },
	{ ipv4: { check: 0, ...ipv4 } },
	{ udp: { check: 0 } },
	{ payload: { text } },
];
const tunnel = (outer: object, inner: object): Layers => [
	{ eth: {} },
	{ ipv4: { check: 0, ...outer } },
	{ ipv4: { check: 0, ...inner } },
	{ udp: { check: 0 } },
];

it("names the field", () => {
	expect(told(plain({ ttl: 63 }, "a"), plain({ ttl: 64 }, "b"))).toEqual([
		"ipv4.ttl: expected 63, got 64",
		"payload: expected 61 (1 bytes), got 62 (1 bytes)",
	]);
	expect(told(plain({}, "a"), plain({}, "a"))).toEqual([]);
});

it("tells layers of one kind apart", () => {
	expect(told(tunnel({ ttl: 63 }, { id: 7 }), tunnel({ ttl: 64 }, { id: 8 }))).toEqual([
		"ipv4 (layer 1).ttl: expected 63, got 64",
		"ipv4 (layer 2).id: expected 7, got 8",
	]);
});

it("says which layer should be there, or not", () => {
	expect(
		told([{ eth: { proto: "ipv4" } }, { ipv4: {} }], [{ eth: {} }, { vlan: { id: 7 } }, { ipv4: {} }]),
	).toContain("layer 1 (vlan): expected nothing, got 00070800");
});
