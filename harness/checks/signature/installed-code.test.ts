// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { comparable, constantsOf, otherPrograms } from "./installed-code.js";

const exit = "9500000000000000";
const code = (hex: string, maps: readonly (readonly [number, string])[] = [], littleEndian = true) =>
	comparable(Buffer.from(hex.replaceAll(" ", ""), "hex"), new Map(maps), littleEndian);
/** `r1 = map fd ...` with the map's id in `imm`, and an offset in the second half. */
const mapOf = (id: string, source = "11", offset = "00000000") => `18${source}0000${id} 00000000${offset}`;

it("shows a map by its name, whatever its id is", () => {
	const first = code(`${mapOf("07000000")} ${exit}`, [[7, "counts"]]);
	expect(code(`${mapOf("09000000")} ${exit}`, [[9, "counts"]])).toBe(first);
	expect(code(`${mapOf("09000000")} ${exit}`, [[9, "others"]])).not.toBe(first);
	expect(code(`${mapOf("09000000", "21", "04000000")} ${exit}`, [[9, "counts"]])).not.toBe(first);
	expect(code(`${mapOf("09000000")} ${exit}`)).toContain("map ?+0");
});

it("keeps constants, and leaves out addresses of the kernel", () => {
	expect(code(`1801000001000000 0000000002000000 ${exit}`)).not.toBe(
		code(`1801000001000000 0000000003000000 ${exit}`),
	);
	expect(code(`1801000001000000 00000000ff88ffff ${exit}`)).toBe(
		code(`1801000005000000 00000000ff88ffff ${exit}`),
	);
	expect(code("b700000002000000 9500000000000000")).not.toBe(code("b700000001000000 9500000000000000"));
});

it("keeps constants of the object that look like addresses", () => {
	const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");
	const own = bytes(`18000000feffffff 00000000ffffffff ${exit}`);
	const constants = constantsOf(own, true);
	expect(constants).toEqual(new Set([0xffff_ffff_ffff_fffen]));
	const shown = (insns: Uint8Array) => comparable(insns, new Map(), true, constants);
	expect(shown(bytes(`18000000ffffffff 00000000ffffffff ${exit}`))).not.toBe(shown(own));
	expect(shown(bytes(`1800000001000000 000000000080ffff ${exit}`))).not.toBe(shown(own));
	expect(constantsOf(bytes("18000000 00000001 00000000 00000002"), false)).toEqual(new Set([0x2_0000_0001n]));
});

it("reads big-endian instructions", () => {
	expect(code(`1811000000000007 0000000000000000 ${exit}`, [[7, "counts"]], false)).toContain("map counts+0");
});

it("names the programs that differ, and those that the object does not have", () => {
	const own = new Map([
		["a", "1"],
		["b", "2"],
	]);
	expect(otherPrograms(new Map([["a", "1"]]), own)).toEqual([]);
	expect(
		otherPrograms(
			new Map([
				["a", "1"],
				["b", "3"],
				["c", "4"],
			]),
			own,
		),
	).toEqual(["b", "c"]);
});
