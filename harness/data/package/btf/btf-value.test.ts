// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { TestBtf } from "../elf/testelf.js";
import { Btf } from "./btf.js";
import { writeLeaves } from "./leaf.js";
import { leavesOf } from "./leaves-of.js";

function types(littleEndian: boolean) {
	const test = new TestBtf(littleEndian);
	const int = test.int("int", 4, 1);
	const u8 = test.typedef("__u8", test.int("unsigned char", 1));
	const u16 = test.int("unsigned short", 2);
	const u64 = test.int("unsigned long", 8);
	const s64 = test.int("long", 8, 1);
	const u128 = test.int("__int128 unsigned", 16, 0, 128);
	const bool = test.int("_Bool", 1, 4);
	const char = test.int("char", 1, 1);
	const double = test.add(16, "double", 8);
	const float = test.add(16, "float", 4);
	const name = test.array(char, 8);
	const mac = test.array(u8, 6);
	const mode = test.enum("mode", [
		["OFF", 0],
		["ON", 1],
	]);
	const wide = test.add(19, "wide", 8, [test.string("BIG"), 0, 1], 1);
	const pair = test.struct(
		"",
		4,
		[
			["whole", int, 0],
			["half", u16, 0],
		],
		true,
	);
	const flags = test.struct("flags", 4, [
		["a", int, 0, 3],
		["b", u16, 3, 5],
		["on", bool, 8, 1],
	]);
	const rule = test.struct("rule", 40, [
		["name", name, 0],
		["mac", mac, 64],
		["port", u16, 112],
		["mode", mode, 128],
		["", pair, 160],
		["flags", flags, 192],
		["next", test.ptr(int), 256],
	]);
	const named = test.struct(
		"pair",
		4,
		[
			["whole", int, 0],
			["half", u16, 0],
		],
		true,
	);
	const ids = {
		int,
		u8,
		u16,
		u64,
		s64,
		u128,
		bool,
		char,
		double,
		float,
		name,
		mac,
		mode,
		wide,
		flags,
		rule,
		named,
	};
	return { btf: new Btf("x.o", test.done()), ids };
}

const place = { file: "bpfgate.json", pointer: "/objects/0/rodata/x" };
const { btf, ids } = types(true);
type Id = keyof typeof ids;
function encodeValue(of: Btf, id: number, value: unknown): Uint8Array {
	const bytes = new Uint8Array(of.sizeOf(id));
	encodeOver(of, id, value, bytes);
	return bytes;
}
function encodeOver(of: Btf, id: number, value: unknown, bytes: Uint8Array): void {
	const type = { size: of.sizeOf(id), littleEndian: of.littleEndian, types: { btf: of, id } };
	writeLeaves(leavesOf(type, value, place, "constant"), bytes);
}
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("encodes", () => {
	const cases: [Id, unknown, string][] = [
		["int", -2, "feffffff"],
		["u8", 255, "ff"],
		["u16", 0x1234, "3412"],
		["u64", "0xfedcba9876543210", "1032547698badcfe"],
		["u64", 5, "0500000000000000"],
		["s64", "-9223372036854775808", "0000000000000080"],
		["u128", "0x0102030405060708090a0b0c0d0e0f10", "100f0e0d0c0b0a090807060504030201"],
		["bool", true, "01"],
		["double", 1.5, "000000000000f83f"],
		["float", -0.5, "000000bf"],
		["name", "eth0", "6574683000000000"],
		["name", "exactly8", "65786163746c7938"],
		["mac", [2, 0, 0, 0, 0, 1], "020000000001"],
		["mode", "ON", "01000000"],
		["mode", 7, "07000000"],
		["wide", "BIG", "0000000001000000"],
		["flags", { a: -1, b: 17, on: true }, "8f010000"],
	];
	it.each(cases)("%s %j", (id, value, bytes) => {
		const encoded = encodeValue(btf, ids[id], value);
		expect(hex(encoded)).toBe(bytes);
	});

	it("a struct with text, a list, an anonymous union, bit fields and a pointer", () => {
		const value = { name: "a", mac: [1], port: 80, mode: "ON", half: 258, flags: { b: 3 } };
		const encoded = encodeValue(btf, ids.rule, value);
		expect(hex(encoded)).toBe(
			"6100000000000000" +
				"010000000000" +
				"5000" +
				"01000000" +
				"02010000" +
				"1800000000000000" +
				"0000000000000000",
		);
	});

	it("numbers and bit fields in big endian", () => {
		const big = types(false);
		expect(hex(encodeValue(big.btf, big.ids.u16, 0x1234))).toBe("1234");
		const flags = encodeValue(big.btf, big.ids.flags, { a: -1, b: 17, on: true });
		expect(hex(flags)).toBe("f1800000");
	});

	it("over what is there already", () => {
		const bytes = new Uint8Array(6).fill(0xff);
		encodeOver(btf, ids.flags, { a: 0 }, bytes.subarray(1));
		expect(hex(bytes)).toBe("fff8ffffffff");
	});
});

describe("refuses to encode", () => {
	const cases: [Id, unknown, string][] = [
		["u8", 256, "256 does not fit into __u8 (0 to 255)"],
		["int", 2 ** 31, "2147483648 does not fit into int (-2147483648 to 2147483647)"],
		["u64", "-1", "-1 does not fit into unsigned long (0 to 18446744073709551615)"],
		[
			"u64",
			2 ** 60,
			"1152921504606847000 does not fit unsigned long; expected an integer (large ones as a string of digits) or a name of an enum",
		],
		[
			"int",
			"many",
			'"many" does not fit int; expected an integer (large ones as a string of digits) or a name of an enum',
		],
		["bool", 1, "1 does not fit _Bool; expected true or false"],
		[
			"mode",
			"MAYBE",
			'"MAYBE" does not fit enum mode; expected an integer (large ones as a string of digits) or a name of an enum',
		],
		["double", "1", '"1" does not fit double; expected a number'],
		["name", "much too long", "the text takes 13 bytes but char[8] has 8"],
		["mac", [1, 2, 3, 4, 5, 6, 7], "has 7 elements but __u8[6] holds 6"],
		["mac", 1, "1 does not fit __u8[6]; expected a list"],
		["flags", [1], "[1] does not fit struct flags; expected an object"],
		["flags", { c: 1 }, 'struct flags has no member "c"; there are a, b, on'],
		["named", { whole: 1, half: 1 }, "gives 2 members of union pair; expected exactly one"],
		["named", {}, "gives 0 members of union pair; expected exactly one"],
	];
	it.each(cases)("%s %j", (id, value, reason) => {
		expect(() => encodeValue(btf, ids[id], value)).toThrow(
			expect.objectContaining({
				name: "InputError",
				message: `bpfgate.json: /objects/0/rodata/x: ${reason}`,
			}),
		);
	});

	it("a pointer, and says where it is", () => {
		expect(() => encodeValue(btf, ids.rule, { next: 1 })).toThrow(
			"bpfgate.json: /objects/0/rodata/x/next: a int * is a pointer, which cannot be written",
		);
	});

	it("a bit field that is too small, and says how small", () => {
		expect(() => encodeValue(btf, ids.flags, { b: 32 })).toThrow(
			"/objects/0/rodata/x/b: 32 does not fit into unsigned short:5 (0 to 31)",
		);
	});
});
