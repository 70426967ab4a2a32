// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readObject } from "../object.js";
import { rodataOf } from "./rodata.js";
import { sampleObject } from "./testobject.js";

const object = readObject("x.bpf.o", sampleObject());
const set = (rodata: Record<string, unknown>) =>
	rodataOf(
		{ ...object, settings: { file: "x.bpf.o", rodata } },
		{ file: "bpfgate.json", pointer: "/objects/0/rodata" },
	);

it("gives the whole section with the constants set and the rest as it was", () => {
	const [value, ...others] = set({ limit: 0x01020304, config: { label: "hi" }, hidden: 9 });
	expect(others).toEqual([]);
	expect(value?.map).toBe(".rodata");
	expect([...value!.bytes]).toEqual([4, 3, 2, 1, 4, 5, 6, 7, 0x68, 0x69, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
});

it("leaves the object itself alone", () => {
	set({ limit: 0 });
	expect([...object.elf.sections[4]!.data.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
});

it("gives nothing when nothing is set", () => {
	expect(rodataOf({ ...object, settings: { file: "x.bpf.o" } })).toEqual([]);
});

describe("refuses", () => {
	it.each([
		[
			"a variable that does not exist",
			{ "no/such": 1 },
			"/no~1such: x.bpf.o has no constant of this name in .rodata",
		],
		["a map", { hits: 1 }, "/hits: x.bpf.o has no constant of this name in .rodata"],
		[
			"a value that does not fit",
			{ limit: -1 },
			"/limit: -1 does not fit into const __u32 (0 to 4294967295)",
		],
	])("%s", (_, rodata, message) => {
		expect(() => set(rodata)).toThrow(`bpfgate.json: /objects/0/rodata${message}`);
	});

	it("an object without BTF", () => {
		const { btf: _, ...bare } = object;
		expect(() => rodataOf({ ...bare, settings: { file: "x.bpf.o", rodata: { limit: 1 } } })).toThrow(
			"x.bpf.o: rodata: x.bpf.o has no BTF, so its constants have no names",
		);
	});
});
