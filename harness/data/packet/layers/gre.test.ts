// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../build.js";
import { internetChecksum, wordSum } from "../checksum.js";
import { hexOf, readBack } from "../testlayers.js";

it("has the parts that are given", () => {
	expect(hexOf({ gre: {} }, { ipv4: {} }).slice(0, 8)).toBe("00000800");
	expect(hexOf({ gre: { key: 5, seq: 6 } }, { eth: {} }).slice(0, 24)).toBe("300065580000000500000006");
});

it("computes the checksum that is asked for", () => {
	const gre = { flags: ["key", "checksum"], key: 1 };
	const bytes = build([{ gre }, { payload: "0102030405" }]);
	expect(internetChecksum(wordSum(bytes))).toBe(0);
	const packet = [{ ipv4: {} }, { gre }, { payload: "010203" }] as const;
	expect(readBack(packet, "raw")).toEqual(packet);
});

it("keeps flags without parts, other versions and wrong checksums", () => {
	for (const gre of [{ check: "0x0001" }, { version: 1, key: 3 }, { flags: ["routing"] }]) {
		const packet = [{ ipv4: {} }, { gre }, { payload: "010203" }] as const;
		expect(readBack(packet, "raw")).toEqual(packet);
	}
});
