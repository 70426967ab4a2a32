// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "../build.js";
import { dissect } from "../dissect.js";
import { hexOf, readBack } from "../testlayers.js";

const addresses = { src: "192.168.0.1", dst: "192.168.0.199" };

it("has the checksum of the well-known example", () => {
	const header = hexOf(
		{ ipv4: { ...addresses, flags: ["df"], protocol: "udp" } },
		{ payload: { length: 95 } },
	);
	expect(header.slice(0, 40)).toBe("450000730000400040" + "11b861c0a80001c0a800c7");
});

it("sets fragment bits and offset", () => {
	const { ipv4 } = { ipv4: { ...addresses, flags: ["mf", "reserved"], frag_off: 0x1234 } };
	expect(hexOf({ ipv4 }).slice(12, 16)).toBe("b234");
	expect(readBack([{ ipv4 }, { payload: "0001" }], "raw")).toEqual([{ ipv4 }, { payload: "0001" }]);
});

it("does not read a transport header in a later fragment", () => {
	const fragment = [{ ipv4: { frag_off: 1, protocol: "udp" } }, { payload: "00".repeat(8) }] as const;
	expect(readBack(fragment, "raw")).toEqual(fragment);
});

describe("options", () => {
	it("are padded to whole words", () => {
		const options = [{ router_alert: 0 }, "nop"];
		expect(hexOf({ ipv4: { options } })).toMatch(/^47000 *01c.{32}9404000001000000$/);
		expect(readBack([{ eth: {} }, { ipv4: { options } }])).toEqual([{ eth: {} }, { ipv4: { options } }]);
	});

	it("keep an end of list that is longer than the padding", () => {
		const options = ["nop", "eol", "eol", "eol", "eol"];
		expect(hexOf({ ipv4: { options } }).slice(40)).toBe("0100000000000000");
		expect(readBack([{ ipv4: { options } }], "raw")).toEqual([{ ipv4: { options } }]);
		expect(readBack([{ ipv4: { options: ["nop", "eol"] } }], "raw")).toEqual([
			{ ipv4: { options: ["nop"] } },
		]);
	});

	it("are raw bytes where they cannot be read", () => {
		const packet = [{ ipv4: { options: [{ raw: "94ff0000" }] } }] as const;
		expect(readBack(packet, "raw")).toEqual(packet);
	});

	it("record a route", () => {
		const options = [{ record_route: { pointer: 8, route: ["10.0.0.1", "0.0.0.0"] } }];
		expect(hexOf({ ipv4: { options } }).slice(40)).toBe("070b080a0000010000000000");
		expect(readBack([{ ipv4: { options } }], "raw")).toEqual([{ ipv4: { options } }]);
	});
});

it.each([
	[{ pointer: 4, route: ["10.0.0.9"] }, "10.0.0.9"],
	[{ pointer: 8, route: ["10.0.0.9"] }, "192.0.2.2"],
])("has the last stop of a source route in the pseudo-header: %j", (loose_route, dst) => {
	const checksum = (ipv4: object) => hexOf({ ipv4: { ...ipv4 } }, { udp: {} }).slice(-4);
	expect(checksum({ options: [{ loose_route }] })).toBe(checksum({ dst }));
});

describe("what is wrong on purpose", () => {
	it.each([
		["a checksum", { check: "0xbeef" }],
		["a length beyond the end", { tot_len: 1000 }],
		["a length within the header", { tot_len: 3 }],
		["a header length of no header", { ihl: 2 }],
		["a header length beyond the end", { ihl: 15, protocol: "udp" }],
		["a version", { version: 6 }],
	])("%s is kept", (_, ipv4) => {
		const packet = [{ eth: {} }, { ipv4 }, { payload: "010203" }] as const;
		expect(readBack(packet)).toEqual(packet);
	});
});

it("leaves what its length does not count to a trailer", () => {
	const frame = [{ eth: {} }, { ipv4: { trailer: "00".repeat(18) } }, { udp: {} }] as const;
	const bytes = build(frame);
	expect(bytes).toHaveLength(60);
	expect(bytes[17]).toBe(28);
	expect(dissect(bytes)).toEqual(frame);
});
