// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("has the length of its check value", () => {
	expect(hexOf({ ah: { spi: 7, seq: 9, icv: "01".repeat(8) } }, { udp: {} }).slice(0, 40)).toBe(
		`110300000000000700000009${"01".repeat(8)}`,
	);
});

it("stands in front of a transport header in both versions", () => {
	for (const ip of [{ ipv4: {} }, { ipv6: {} }]) {
		const packet = [ip, { ah: { seq: 2 } }, { tcp: {} }, { payload: "00" }] as const;
		expect(readBack(packet, "raw")).toEqual(packet);
	}
});
