// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("has offset and flag in one word", () => {
	const fragment = { frag_off: 0x123, flags: ["mf"], id: "0xdeadbeef" };
	expect(hexOf({ fragment }, { payload: "00" })).toBe("fd000919deadbeef00");
});

it("is followed by a transport header in the first fragment only", () => {
	const first = [{ ipv6: {} }, { fragment: { flags: ["mf"] } }, { udp: {} }] as const;
	const later = [
		{ ipv6: {} },
		{ fragment: { frag_off: 1, nexthdr: "udp" } },
		{ payload: "00".repeat(8) },
	] as const;
	expect(readBack(first, "raw")).toEqual(first);
	expect(readBack(later, "raw")).toEqual(later);
});
