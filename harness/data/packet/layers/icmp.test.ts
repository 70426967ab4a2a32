// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../build.js";
import { hexOf, readBack } from "../testlayers.js";

it("asks for an echo", () => {
	expect(hexOf({ icmp: { id: 1, seq: 2 } }, { payload: "0000" })).toBe("0800f7fc000100020000");
});

it("quotes the datagram it is about", () => {
	const icmp = { type: "destination-unreachable", code: 4, mtu: 1400 };
	const packet = [{ ipv4: {} }, { icmp }, { ipv4: { tot_len: 1500 } }, { udp: { len: 1480 } }] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});

it.each([
	[{ type: "redirect", code: 1, gateway: "10.0.0.1" }],
	[{ type: "parameter-problem", pointer: 20 }],
	[{ type: "time-exceeded", rest: "00010203" }],
	[{ type: 200, rest: "00010203" }],
])("has fields of its type: %j", (icmp) => {
	expect(readBack([{ ipv4: {} }, { icmp }], "raw")).toEqual([{ ipv4: {} }, { icmp }]);
});

it("refuses fields of another type", () => {
	expect(() => build([{ icmp: { type: "redirect", mtu: 1 } }])).toThrow(
		'packet: /layers/0/icmp: icmp of type redirect has no field "mtu"; it has type, code, check, gateway',
	);
});
