// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

const option = { class: "0x0102", type: "0x80", reserved: 0, data: "0000000a" };

it("counts its options in words", () => {
	const geneve = { flags: ["critical"], vni: 0xabcdef, options: [{ option }] };
	expect(hexOf({ geneve }, { eth: {} }).slice(0, 32)).toBe("02406558abcdef00010280010000000a");
	for (const inner of [{ eth: {} }, { ipv4: {} }, { ipv6: {} }]) {
		const packet = [{ ipv6: {} }, { udp: {} }, { geneve }, inner] as const;
		expect(readBack(packet, "raw")).toEqual(packet);
	}
});
