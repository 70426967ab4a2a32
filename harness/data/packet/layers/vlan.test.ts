// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("has priority, drop bit and identifier in one word", () => {
	expect(hexOf({ vlan: { pcp: 5, flags: ["dei"], id: 0x123 } }, { ipv4: {} }).slice(0, 8)).toBe("b1230800");
});

it("is stacked, 802.1ad outside", () => {
	const frame = [
		{ eth: { proto: "802.1ad" } },
		{ vlan: { id: 100 } },
		{ vlan: { id: 200 } },
		{ payload: "00" },
	] as const;
	expect(hexOf(...frame).slice(24)).toBe("88a80064810000c888b500");
	expect(readBack(frame)).toEqual(frame);
});
