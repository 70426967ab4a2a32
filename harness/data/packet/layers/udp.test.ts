// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { build } from "../build.js";
import { dissect } from "../dissect.js";
import { hexOf, readBack } from "../testlayers.js";

it("has length and checksum", () => {
	expect(hexOf({ ipv4: {} }, { udp: { sport: 1, dport: 2 } }, { payload: { text: "hi" } }).slice(40)).toBe(
		"00010002000a136a6869",
	);
});

it("sends a sum of zero as 0xffff, and can leave it out", () => {
	const zero = [{ ipv4: { src: "0.0.0.0", dst: "0.0.0.0" } }, { udp: { sport: 0, dport: 0 } }] as const;
	const sum = Number.parseInt(hexOf(...zero, { payload: "0000" }).slice(52, 56), 16);
	const payload = sum.toString(16).padStart(4, "0");
	expect(hexOf(...zero, { payload }).slice(52)).toBe(`ffff${payload}`);
	const without = [{ ipv4: {} }, { udp: { check: "0x0000" } }] as const;
	expect(readBack(without, "raw")).toEqual(without);
});

it("announces the tunnel that follows by its port", () => {
	expect(hexOf({ udp: {} }, { vxlan: {} }).slice(4, 8)).toBe("12b5");
	expect(hexOf({ udp: {} }, { geneve: {} }).slice(4, 8)).toBe("17c1");
	const linux = [{ ipv4: {} }, { udp: { dport: 8472 } }, { vxlan: {} }, { eth: {} }] as const;
	expect(readBack(linux, "raw")).toEqual(linux);
});

it("has a trailer where IP's length is longer", () => {
	const packet = [{ ipv4: {} }, { udp: { trailer: "0102" } }, { payload: "aa" }] as const;
	expect(build(packet)[25]).toBe(9);
	expect(dissect(build(packet), "raw")).toEqual(packet);
});
