// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("is padded to units of 8 bytes", () => {
	expect(hexOf({ hopopts: { options: [{ router_alert: 0 }] } }, { icmpv6: { type: 143 } })).toMatch(
		/^3a00050200000100/,
	);
	expect(hexOf({ dstopts: {} }, { tcp: {} })).toMatch(/^0600010400000000/);
	expect(hexOf({ hopopts: { options: [{ tunnel_limit: 4 }, { jumbo: 65536 }] } }).slice(0, 32)).toBe(
		"3b01040104c204000100000103000000",
	);
});

it("reads its options, padding only where it is unusual", () => {
	for (const options of [
		[{ tunnel_limit: 4 }],
		["pad1", { router_alert: 2 }],
		[{ option: { type: 30, data: "0102" } }],
	]) {
		const packet = [{ ipv6: {} }, { hopopts: { options } }, { dstopts: {} }, { udp: {} }] as const;
		expect(readBack(packet, "raw")).toEqual(packet);
	}
});

it("is no such header inside IPv4", () => {
	const packet = [{ ipv4: { protocol: "dstopts" } }, { payload: "3b00010400000000" }] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});
