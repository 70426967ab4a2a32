// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "../packet/build.js";
import { toHex } from "../packet/bytes.js";
import type { Layers } from "../packet/layers.js";
import type { ExpectedPacket } from "./schema.js";
import { wantedPacket } from "./wanted-packet.js";

const layers = (ttl: number, payload = "01020304"): Layers => [
	{ eth: {} },
	{ ipv4: { ttl } },
	{ udp: { dport: 53 } },
	{ payload },
];
const sent = build(layers(64));
const actual = build(layers(64, "0a0b0c0d"));
const wanted = (expect: ExpectedPacket) => wantedPacket(expect, sent, actual);

describe("wantedPacket", () => {
	it("is the packet that was given, in whole", () => {
		expect(wanted("unchanged")).toEqual({ bytes: sent, from: "exact" });
		expect(wanted({ layers: layers(63) })).toEqual({ bytes: build(layers(63)), from: "exact" });
		expect(wanted({ hex: toHex(sent) })).toEqual({ bytes: sent, from: "exact" });
	});

	it("is the actual packet with the fields that were given, its checksums right", () => {
		expect(wanted({ fields: [{ ipv4: { ttl: 63 } }] })).toEqual({
			bytes: build(layers(63, "0a0b0c0d")),
			from: "fields",
		});
	});

	it("is not where the fields are of layers that the packet has not", () => {
		expect(wanted({ fields: [{ ipv4: {} }, { tcp: {} }] })).toBeUndefined();
	});

	it("has the actual bits where a mask leaves them out", () => {
		const mask = `${"ff".repeat(42)} 00 f0`;
		const packet = wanted({ layers: layers(63), mask });
		expect(packet?.from).toBe("mask");
		expect(toHex(packet?.bytes.subarray(0, 42) ?? sent)).toBe(toHex(build(layers(63)).subarray(0, 42)));
		expect(toHex(packet?.bytes.subarray(42) ?? sent)).toBe("0a0b0304");
	});
});
