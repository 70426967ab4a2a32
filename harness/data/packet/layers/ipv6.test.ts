// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("splits its first word", () => {
	const ipv6 = { tclass: 0xab, flow_lbl: "0x12345", hop_limit: 1, src: "fe80::1", dst: "ff02::1" };
	const packet = [{ ipv6 }, { payload: "0102" }] as const;
	expect(hexOf(...packet)).toBe(`6ab123450002fd01fe80${"00".repeat(13)}01ff02${"00".repeat(13)}010102`);
	expect(readBack(packet, "raw")).toEqual(packet);
});

it("says that nothing follows when nothing does", () => {
	expect(hexOf({ ipv6: {} }).slice(12, 14)).toBe("3b");
	expect(readBack([{ eth: {} }, { ipv6: {} }])).toEqual([{ eth: {} }, { ipv6: {} }]);
});

it("carries IPv4, IPv6 and Ethernet", () => {
	for (const [layer, number] of [
		[{ ipv4: {} }, "04"],
		[{ ipv6: {} }, "29"],
		[{ eth: {} }, "8f"],
	] as const) {
		const packet = [{ ipv6: {} }, layer, { payload: "00" }] as const;
		expect(hexOf(...packet).slice(12, 14)).toBe(number);
		expect(readBack(packet, "raw")).toEqual(packet);
	}
});
