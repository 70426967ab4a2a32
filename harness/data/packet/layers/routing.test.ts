// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { Layers } from "../layers.js";
import { hexOf, readBack } from "../testlayers.js";

const stops = ["2001:db8::a", "2001:db8::b"];

it("counts the stops of a segment list", () => {
	const routing = { type: "segment", tag: "0x0007", addresses: stops };
	expect(hexOf({ routing }).slice(0, 16)).toBe("3b04040201000007");
	expect(readBack([{ ipv6: {} }, { routing }, { tcp: {} }], "raw")).toEqual([
		{ ipv6: {} },
		{ routing },
		{ tcp: {} },
	]);
});

it.each([
	["source", { type: "source", addresses: stops }, "2001:db8::b"],
	["segment", { type: "segment", addresses: stops }, "2001:db8::a"],
	["used up", { type: "source", segments_left: 0, addresses: stops }, "2001:db8::2"],
])("makes the last stop the destination of the pseudo-header: %s", (_, routing, dst) => {
	const checksum = (...packet: Layers) => hexOf(...packet).slice(-4);
	expect(checksum({ ipv6: {} }, { routing }, { udp: {} })).toBe(checksum({ ipv6: { dst } }, { udp: {} }));
});

it("keeps what it does not know as data", () => {
	const packet = [
		{ ipv6: {} },
		{ routing: { type: 99, reserved: "01020304", data: "0102030405060708" } },
	] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});
