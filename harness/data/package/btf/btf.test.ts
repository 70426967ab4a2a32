// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { TestBtf } from "../elf/testelf.js";
import { Btf } from "./btf.js";

describe.each([
	["little", true],
	["big", false],
])("BTF in %s endian", (_, littleEndian) => {
	const test = new TestBtf(littleEndian);
	const int = test.int("int", 4, 1);
	const u8 = test.typedef("u8", test.int("unsigned char", 1));
	const name = test.array(test.const(u8), 16);
	const state = test.enum(
		"state",
		[
			["OFF", 0],
			["ON", -1],
		],
		true,
	);
	const wide = test.add(19, "wide", 8, [test.string("BIG"), 1, 0x8000_0000], 1);
	const task = test.struct("task", 32, [
		["low", int, 0, 3],
		["high", int, 3, 5],
		["name", name, 32],
		["state", state, 160],
	]);
	const pointer = test.ptr(test.const(task));
	const forward = test.add(7, "far", 0, [], 0, true);
	const real = test.add(16, "double", 8);
	const kfunc = test.func("bpf_thing", test.proto(int));
	const tag = test.add(17, "bpf_kfunc", kfunc, [-1]);
	const userTag = test.ptr(test.add(18, "user", int));
	const data = test.datasec(".data", [[test.variable("all", task), 8, 32]]);
	const btf = new Btf("x.o", test.done());

	it("decodes every kind", () => {
		expect(btf.littleEndian).toBe(littleEndian);
		expect(btf.type(0)).toEqual({ kind: "void", name: "" });
		expect(btf.type(int)).toEqual({
			...{ kind: "int", name: "int", size: 4, bits: 32, offset: 0 },
			...{ signed: true, char: false, bool: false },
		});
		expect(btf.type(state)).toMatchObject({
			kind: "enum",
			signed: true,
			values: [{ value: 0n }, { name: "ON", value: -1n }],
		});
		expect(btf.type(wide)).toMatchObject({
			kind: "enum64",
			values: [{ name: "BIG", value: 0x8000_0000_0000_0001n }],
		});
		expect(btf.type(task)).toMatchObject({
			kind: "struct",
			members: [
				{ name: "low", bitOffset: 0, bitSize: 3 },
				{ name: "high", bitOffset: 3, bitSize: 5 },
				{ name: "name", type: name, bitOffset: 32, bitSize: 0 },
				{ name: "state", bitOffset: 160 },
			],
		});
		expect(btf.type(forward)).toEqual({ kind: "fwd", name: "far", union: true });
		expect(btf.type(kfunc)).toMatchObject({ kind: "func", linkage: 1 });
		expect(btf.type(tag)).toEqual({ kind: "decl_tag", name: "bpf_kfunc", type: kfunc, component: -1 });
		expect(btf.type(data)).toMatchObject({ kind: "datasec", entries: [{ offset: 8, size: 32 }] });
		expect(btf.type(real)).toMatchObject({ kind: "float", size: 8 });
	});

	it("finds by name and kind", () => {
		expect(btf.find("task", "struct")).toBe(task);
		expect(btf.find("task", "union")).toBeUndefined();
		expect([...btf.ids("decl_tag")].map((id) => btf.name(id))).toEqual(["bpf_kfunc"]);
	});

	it("knows sizes", () => {
		expect([int, name, task, pointer, state, wide, real].map((id) => btf.sizeOf(id))).toEqual([
			4, 16, 32, 8, 4, 8, 8,
		]);
		expect(() => btf.sizeOf(forward)).toThrow(`x.o: BTF type ${forward}: has no size: it is fwd`);
		expect(() => btf.sizeOf(kfunc)).toThrow("has no size: it is func");
	});

	it("spells types as C does", () => {
		expect([pointer, name, forward, userTag, state].map((id) => btf.spell(id))).toEqual([
			"const struct task *",
			"const u8[16]",
			"union far",
			"int *",
			"enum state",
		]);
	});

	it("continues the types and strings of a base", () => {
		const base = btf;
		const module = new TestBtf(littleEndian, base.size);
		const own = module.struct("own", 40, [["task", task, 0]]);
		const bytes = module.done();
		// Names of a module are offsets behind the strings of its base.
		const strings = new DataView(test.done().buffer).getUint32(20, littleEndian);
		const view = new DataView(bytes.buffer, bytes.byteOffset);
		for (const at of [24, 36]) view.setUint32(at, view.getUint32(at, littleEndian) + strings, littleEndian);
		const split = new Btf("mod", bytes, base);
		expect(split.name(own)).toBe("own");
		expect(split.firstId).toBe(base.size);
		expect(split.find("task", "struct")).toBe(task);
		expect(split.find("own", "struct")).toBe(own);
		expect(split.type(own)).toMatchObject({ members: [{ name: "task", type: task }] });
		expect([...split.ids("struct", split.firstId)]).toEqual([own]);
	});
});

it("spells a function pointer", () => {
	const test = new TestBtf();
	const pointer = test.ptr(test.proto(test.int("int", 4, 1)));
	expect(new Btf("x", test.done()).spell(pointer)).toBe("function *");
});

describe("refuses", () => {
	const good = () => {
		const test = new TestBtf();
		test.int("int", 4);
		return test.done();
	};
	const cases: [string, (bytes: Uint8Array) => Uint8Array, string][] = [
		["a short header", (bytes) => bytes.subarray(0, 10), "x.o: BTF header: has 10 bytes, not 24"],
		["another magic", (bytes) => bytes.fill(0, 0, 2), "x.o: BTF header: does not begin with eb9f"],
		["another version", (bytes) => bytes.fill(9, 2, 3), "x.o: BTF header: has version 9, not 1"],
		[
			"a header that is too small",
			(bytes) => bytes.fill(8, 4, 5),
			"x.o: BTF header: says it has 8 bytes, not 24",
		],
		[
			"types behind the end",
			(bytes) => bytes.fill(255, 12, 13),
			"x.o: BTF types: ends at 0x117 but BTF has 0x2d bytes",
		],
		["strings without an end", (bytes) => bytes.fill(65, 40), "x.o: BTF strings: do not end with a NUL"],
	];
	it.each(cases)("%s", (_, spoil, message) => {
		expect(() => new Btf("x.o", spoil(good()))).toThrow(
			expect.objectContaining({ name: "InputError", message }),
		);
	});

	it("an id that does not exist", () => {
		expect(() => new Btf("x.o", good()).type(7)).toThrow("x.o: BTF types: type 7 is named but there are 2");
	});
});
