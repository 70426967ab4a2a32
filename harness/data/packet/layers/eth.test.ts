// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("takes the EtherType from what follows", () => {
	const addresses = { dst: "02:00:00:00:00:0a", src: "02:00:00:00:00:0b" };
	expect(hexOf({ eth: addresses })).toBe("02000000000a02000000000b88b5");
	expect(hexOf({ eth: addresses }, { vlan: {} }).slice(24, 28)).toBe("8100");
	expect(hexOf({ eth: addresses }, { ipv4: {} }).slice(24, 28)).toBe("0800");
	expect(hexOf({ eth: addresses }, { ipv6: {} }).slice(24, 28)).toBe("86dd");
	expect(hexOf({ eth: addresses }, { arp: {} }).slice(24, 28)).toBe("0806");
});

it("keeps an EtherType that is given, by name or number", () => {
	for (const proto of ["ipv6", "0x86dd", 0x86dd])
		expect(hexOf({ eth: { proto } }, { ipv4: {} }).slice(24, 28)).toBe("86dd");
	const frame = [{ eth: { proto: "0x0005" } }, { payload: "aaaa030000" }] as const;
	expect(readBack(frame)).toEqual(frame);
});
