// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../build.js";
import { hexOf, readBack } from "../testlayers.js";

it("solicits a neighbour", () => {
	const icmpv6 = {
		type: "neighbour-solicitation",
		target: "fe80::2",
		options: [{ source_link_layer: "02:00:00:00:00:01" }],
	};
	expect(hexOf({ icmpv6 })).toMatch(/^8700.{4}00000000fe80(00){13}020101020000000001$/);
	expect(readBack([{ ipv6: {} }, { icmpv6 }], "raw")).toEqual([{ ipv6: {} }, { icmpv6 }]);
});

it.each([
	[{ type: "neighbour-advertisement", flags: ["override", "solicited"], target: "fe80::2" }],
	[{ type: "router-solicitation", options: [{ option: { type: 14, data: "010203040506" } }] }],
	[{ type: "router-advertisement", lifetime: 0, options: [{ mtu: { reserved: 0, mtu: 1280 } }] }],
	[{ type: "echo-reply", id: 7, seq: 8 }],
	[{ type: 143, rest: "00000001" }],
])("has fields of its type: %j", (icmpv6) => {
	expect(readBack([{ ipv6: {} }, { icmpv6 }], "raw")).toEqual([{ ipv6: {} }, { icmpv6 }]);
});

it("quotes the packet it is about", () => {
	const packet = [
		{ ipv6: {} },
		{ icmpv6: { type: "packet-too-big", mtu: 1400 } },
		{ ipv6: {} },
		{ udp: {} },
	] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});

it("keeps options that end too early", () => {
	const icmpv6 = { type: "neighbour-solicitation", options: [{ raw: "0109020000000001" }] };
	expect(readBack([{ ipv6: {} }, { icmpv6 }], "raw")).toEqual([{ ipv6: {} }, { icmpv6 }]);
});

it("refuses fields of another type", () => {
	expect(() => build([{ icmpv6: { target: "::1" } }])).toThrow(
		'packet: /layers/0/icmpv6: icmpv6 of type echo-request has no field "target"',
	);
});
