// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { hexOf, readBack } from "../testlayers.js";

it("asks for an address", () => {
	const packet = { arp: { sha: "02:00:00:00:00:0a", spa: "10.0.0.1", tpa: "10.0.0.2" } };
	expect(hexOf(packet)).toBe("0001080006040001" + "02000000000a0a000001" + "0000000000000a000002");
	expect(readBack([{ eth: {} }, packet])).toEqual([{ eth: {} }, packet]);
});

it("answers, and may be padded", () => {
	const frame = [{ eth: {} }, { arp: { op: "reply" } }, { payload: "00".repeat(18) }] as const;
	expect(readBack(frame)).toEqual(frame);
});
