// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("has its identifier in 24 bits", () => {
	expect(hexOf({ vxlan: { vni: 0x123456 } })).toBe("0800000012345600");
	expect(hexOf({ vxlan: { flags: "0x88", reserved: 7 } })).toBe("8800000700000100");
});

it("encloses Ethernet, with trailers inside and outside", () => {
	const outer = [{ eth: {} }, { ipv4: { trailer: "01" } }, { udp: {} }, { vxlan: {} }] as const;
	const packet = [...outer, { eth: {} }, { ipv4: { trailer: "0203" } }, { tcp: {} }] as const;
	expect(readBack(packet)).toEqual(packet);
});
