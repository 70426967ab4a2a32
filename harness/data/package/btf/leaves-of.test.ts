// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { flatten } from "../../vectors/flatten.js";
import { TestBtf } from "../elf/testelf.js";
import { Btf } from "./btf.js";
import type { Purpose } from "./integer-value.js";
import { readInteger, type ValueType, writeLeaves } from "./leaf.js";
import { leavesOf } from "./leaves-of.js";

const test = new TestBtf();
const u8 = test.typedef("__u8", test.int("unsigned char", 1));
const char = test.int("char", 1, 1);
const u16 = test.typedef("__u16", test.int("unsigned short", 2));
const u32 = test.typedef("__u32", test.int("unsigned int", 4));
const s32 = test.int("int", 4, 1);
const u64 = test.int("unsigned long long", 8);
const bool = test.int("_Bool", 1, 4);
const double = test.add(16, "double", 8);
const be16 = test.typedef("__be16", u16);
const be32 = test.typedef("__be32", u32);
test.enum("counter", [
	["COUNT_PASS", 0],
	["COUNT_DROP", 7],
]);
const mode = test.enum("mode", [
	["OFF", 0],
	["ON", 1],
]);
const mac = test.array(u8, 6);
const comm = test.array(char, 16);
const ip6 = test.struct("in6_addr", 16, [["words", test.array(u32, 4), 0]]);
const either = test.struct(
	"either",
	4,
	[
		["word", u32, 0],
		["half", u16, 0],
	],
	true,
);
const flags = test.struct("flags", 4, [
	["low", u32, 0, 3],
	["high", u32, 3, 5],
]);
const rule = test.struct("rule", 56, [
	["port", be16, 0],
	["proto", u8, 16],
	["on", bool, 24],
	["src", be32, 32],
	["mac", mac, 64],
	["mode", mode, 128],
	["dst6", ip6, 160],
	["flags", flags, 288],
	["hits", u64, 320],
	["either", either, 384],
	["at", test.ptr(u32), 416],
]);
const btf = new Btf("x.o", test.done());
const typed = (id: number): ValueType => ({ size: btf.sizeOf(id), littleEndian: true, types: { btf, id } });
const place = { file: "v.yaml", pointer: "/m" };

function bytesOf(id: number, value: unknown, purpose: Purpose = "given"): string {
	const type = typed(id);
	const bytes = new Uint8Array(type.size);
	writeLeaves(leavesOf(type, value, place, purpose), bytes);
	return Buffer.from(bytes).toString("hex");
}

describe("a value of a map", () => {
	it.each([
		["a number", u32, 258, "02010000"],
		["a negative number", s32, -2, "feffffff"],
		["digits", u64, "0xffffffffffffffff", "ffffffffffffffff"],
		["a number in network order", be16, 443, "01bb"],
		["a plain integer kept in network order", u16, { be: 443 }, "01bb"],
		["an address in a number", u32, "192.0.2.1", "c0000201"],
		["an address in a number in network order", be32, "192.0.2.1", "c0000201"],
		["a MAC address", mac, "02:00:00:00:00:01", "020000000001"],
		["an IPv6 address", ip6, "2001:db8::1", "20010db8000000000000000000000001"],
		["text that looks like an address", comm, "::1", "3a3a3100000000000000000000000000"],
		["an enumerator", mode, "ON", "01000000"],
		["an enumerator of another enum", u32, "COUNT_DROP", "07000000"],
		["floating point", double, 1.5, "000000000000f83f"],
		["a bit field", flags, { low: 5, high: 17 }, "8d000000"],
		["a union", either, { half: 5 }, "05000000"],
		["digits of anything", mac, { hex: "0102 0304 0506" }, "010203040506"],
		["a list cut short", mac, [1, 2], "010200000000"],
	])("is %s", (_, id, value, hex) => {
		expect(bytesOf(id, value)).toBe(hex);
	});

	it("is told part by part", () => {
		const type = typed(rule);
		const bytes = new Uint8Array(type.size);
		const value = { port: 53, proto: 17, on: true, src: "10.0.0.1", mac: "02:00:00:00:00:09", hits: 3 };
		const leaves = leavesOf(type, { ...value, dst6: "::1", mode: "ON" }, place, "given");
		writeLeaves(leaves, bytes);
		expect(leaves.map(({ path, pointer }) => `${path} ${pointer}`).slice(0, 2)).toEqual([
			".port /m/port",
			".proto /m/proto",
		]);
		expect(Object.fromEntries(flatten(type, bytes))).toMatchObject({
			".port": 53,
			".proto": 17,
			".on": true,
			".src": 0x0a000001,
			".mac": "020000000009",
			".mode": "ON",
			".hits": 3,
			".flags.low": 0,
			".either": "00000000",
		});
	});

	it("adds relative numbers to what was there, only where something is expected", () => {
		const before = Uint8Array.from(Buffer.from("0500000000000000", "hex"));
		const bytes = new Uint8Array(8);
		const [leaf] = leavesOf(typed(u64), "+2", place, "expected");
		writeLeaves(leaf ? [leaf] : [], bytes, before);
		expect(leaf?.kind === "integer" && [leaf.relative, readInteger(leaf, bytes)]).toEqual([true, 7n]);
		expect(() => leavesOf(typed(u64), "+2", place, "given")).toThrow(
			'v.yaml: /m: "+2" does not fit unsigned long long',
		);
	});

	it.each([
		[u8, 256, "/m: 256 does not fit into __u8 (0 to 255)"],
		[be16, 65536, "/m: 65536 does not fit into __be16"],
		[flags, { low: 8 }, "/m/low: 8 does not fit into __u32:3 (0 to 7)"],
		[rule, { prot: 1 }, '/m: struct rule has no member "prot"; there are port, proto'],
		[rule, { at: 1 }, "/m/at: a __u32 * is a pointer, which cannot be written"],
		[either, { word: 1, half: 2 }, "/m: gives 2 members of union either; expected exactly one"],
		[mac, [1, 2, 3, 4, 5, 6, 7], "/m: has 7 elements but __u8[6] holds 6"],
		[comm, "seventeen letters", "/m: the text takes 17 bytes but char[16] has 16"],
		[u32, "COUNT_NONE", '/m: "COUNT_NONE" does not fit __u32'],
		[u32, [1], "/m: [1] does not fit __u32"],
		[rule, 1, "/m: 1 does not fit struct rule; expected an object"],
		[mac, { hex: "01" }, "/m: has 1 bytes; 6 are needed"],
		[mac, { hex: "0" }, "/m: is not pairs of hexadecimal digits"],
	])("of type %i is not %j", (id, value, message) => {
		expect(() => bytesOf(id, value)).toThrow(message);
	});

	it("without a type is a number, an address or digits", () => {
		const bytes = (size: number, value: unknown) => {
			const out = new Uint8Array(size);
			writeLeaves(leavesOf({ size, littleEndian: true }, value, place, "given"), out);
			return Buffer.from(out).toString("hex");
		};
		expect(bytes(4, 1)).toBe("01000000");
		expect(bytes(4, "10.0.0.1")).toBe("0a000001");
		expect(bytes(3, { hex: "010203" })).toBe("010203");
		expect(() => bytes(3, 1)).toThrow("v.yaml: /m: 1 does not fit value of 3 bytes without a type");
	});
});
