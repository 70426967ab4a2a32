// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { build } from "../build.js";
import { internetChecksum, wordSum } from "../checksum.js";
import { hexOf, readBack } from "../testlayers.js";

const syn = {
	sport: 1234,
	dport: 443,
	seq: 0x01020304,
	flags: ["syn", "ece"],
	options: [
		{ mss: 1460 },
		"sack_permitted",
		{ timestamps: { tsval: 1, tsecr: 0 } },
		"nop",
		{ window_scale: 7 },
	],
};

it("is written with its options", () => {
	expect(hexOf({ tcp: syn })).toMatch(
		/^04d201bb0102030400000000a042ffff.{4}0000020405b40402080a000000010000000001030307$/,
	);
	expect(readBack([{ eth: {} }, { ipv4: {} }, { tcp: syn }])).toEqual([
		{ eth: {} },
		{ ipv4: {} },
		{ tcp: syn },
	]);
});

it.each([
	["IPv4", { ipv4: {} }, 20, "c0000201c0000202"],
	["IPv6", { ipv6: {} }, 40, "20010db800000000000000000000000120010db8000000000000000000000002"],
])("has a checksum that verifies with %s's pseudo-header", (_, ip, header, addresses) => {
	const segment = build([ip, { tcp: syn }, { payload: "010203" }]).subarray(header);
	const pseudo = wordSum(Uint8Array.from(Buffer.from(addresses, "hex")));
	expect(internetChecksum(pseudo, 6, segment.length, wordSum(segment))).toBe(0);
});

describe("options", () => {
	it("hold SACK blocks", () => {
		const options = [
			"nop",
			"nop",
			{
				sack: [
					{ left: 1, right: 2 },
					{ left: 5, right: 6 },
				],
			},
		];
		expect(hexOf({ tcp: { options } }).slice(40)).toBe("0101051200000001000000020000000500000006");
	});

	it("are kept where they are wrong", () => {
		for (const options of [
			[{ option: { type: 2, data: "01" } }],
			[{ mss: 1 }, { raw: "08ff0101" }],
			["nop", { option: { type: 254 } }, { raw: "02" }],
			["eol", "nop", { mss: 9 }],
		])
			expect(readBack([{ ipv4: {} }, { tcp: { options } }], "raw")).toEqual([
				{ ipv4: {} },
				{ tcp: { options } },
			]);
	});

	it("may have a length that is not theirs", () => {
		expect(hexOf({ tcp: { options: [{ option: { type: 2, length: 40, data: "05b4" } }] } }).slice(40)).toBe(
			"022805b4",
		);
	});
});

it.each([2, 14])("keeps a header length of %i words", (doff) => {
	const packet = [{ ipv4: {} }, { tcp: { doff } }, { payload: "0102" }] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});

it("is payload when its header is cut", () => {
	const packet = [{ ipv4: { protocol: "tcp" } }, { payload: "00".repeat(5) }] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});
