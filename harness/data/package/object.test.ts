// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { SHF, STB } from "./elf/elf.js";
import { buildElf, code, type TestElf } from "./elf/testelf.js";
import { sampleElf, sampleObject } from "./elf/testobject.js";
import { readObject } from "./object.js";

const read = (elf: TestElf) => readObject("x.bpf.o", buildElf(elf));

describe.each([
	["little", true],
	["big", false],
])("an object in %s endian", (_, littleEndian) => {
	const object = readObject("x.bpf.o", sampleObject({ littleEndian }));

	it("has its programs, not the functions of .text", () => {
		expect(object.programs).toEqual([
			{
				name: "count",
				section: "xdp",
				meaning: { type: "xdp", attachType: "xdp", attachesTo: "netdev", sleepable: false, autoload: true },
				offset: 0,
				insns: 8,
				uses: {
					helpers: ["map_lookup_elem", "ktime_get_ns"],
					kfuncs: ["bpf_kernel_thing"],
					maps: [".rodata", "hits"],
					functions: ["helper_of_ours"],
					insns: 11,
				},
			},
		]);
	});

	it("has the maps of .maps, of its variables and of the kernel's configuration", () => {
		expect(object.maps.map(({ key: _key, value: _value, ...map }) => map)).toEqual([
			{
				name: "hits",
				kind: "btf",
				type: "percpu_array",
				key_size: 4,
				value_size: 8,
				max_entries: 16,
				flags: 0,
			},
			{
				name: ".rodata",
				kind: "data",
				type: "array",
				key_size: 4,
				value_size: 20,
				max_entries: 1,
				flags: 1152,
			},
			{ name: ".bss", kind: "data", type: "array", key_size: 4, value_size: 24, max_entries: 1, flags: 1024 },
			{
				name: ".kconfig",
				kind: "kconfig",
				type: "array",
				key_size: 4,
				value_size: 4,
				max_entries: 1,
				flags: 128,
			},
		]);
	});

	it("says what it expects of the kernel", () => {
		expect(object.externs).toEqual([
			{ name: "bpf_kernel_thing", kind: "kfunc", weak: false },
			{ name: "CONFIG_HZ", kind: "kconfig", weak: true },
		]);
		expect(object.btfExt?.relocations).toEqual([
			{
				section: "xdp",
				offset: 48,
				kind: "field_byte_offset",
				type: "struct task_struct",
				access: "0:1",
				field: "pid",
			},
		]);
		expect(object.license).toBe("GPL");
	});

	it("knows the line of each instruction", () => {
		expect(object.btfExt?.lineAt("xdp", 16)).toEqual({
			file: "count.bpf.c",
			line: 10,
			column: 5,
			text: "lookup(&hits);",
		});
		expect(object.btfExt?.lineAt("xdp", 56)?.line).toBe(12);
		expect(object.btfExt?.lineAt("tc", 0)).toBeUndefined();
	});
});

it("knows a program of an unknown section without a meaning", () => {
	const [program] = readObject("x.bpf.o", sampleObject({ section: "xdp_classic" })).programs;
	expect(program).not.toHaveProperty("meaning");
	expect(program?.section).toBe("xdp_classic");
});

it("follows a function that is given as a callback", () => {
	const elf = sampleElf();
	elf.relocations = { xdp: [{ offset: 0, type: 1, symbol: "helper_of_ours" }] };
	expect(read(elf).programs[0]?.uses).toMatchObject({ functions: ["helper_of_ours"], maps: [] });
});

it("takes two names of one function for one piece of code", () => {
	const elf = sampleElf();
	elf.symbols.push({ name: "count_too", section: "xdp", size: 64 });
	expect(read(elf).programs.map(({ name, uses }) => [name, uses.insns])).toEqual([
		["count", 11],
		["count_too", 11],
	]);
});

describe("refuses, with file, place and reason,", () => {
	const without = (name: string) => {
		const elf = sampleElf();
		return { ...elf, sections: elf.sections.filter((section) => section.name !== name) };
	};
	const changed = (change: (elf: TestElf) => void) => {
		const elf = sampleElf();
		change(elf);
		return elf;
	};
	const cases: [string, TestElf, string][] = [
		[
			"two programs of one name",
			changed((elf) => {
				const data = code(true, [0x95, 0, 0, 0, 0]);
				elf.sections.push({ name: "tc", data, flags: SHF.ALLOC | SHF.EXECINSTR });
				elf.symbols.push({ name: "count", section: "tc", size: 8 });
			}),
			"x.bpf.o: section tc: program count is there twice, also in section xdp",
		],
		[
			"a static program",
			changed((elf) => {
				elf.symbols[1] = { ...elf.symbols[1]!, binding: STB.LOCAL };
			}),
			"x.bpf.o: section xdp: program count is static; libbpf does not load static programs",
		],
		[
			"a program that is longer than its section",
			changed((elf) => {
				elf.symbols[1] = { ...elf.symbols[1]!, size: 72 };
			}),
			"x.bpf.o: section xdp: function count ends behind it",
		],
		[
			"a program of half an instruction",
			changed((elf) => {
				elf.symbols[1] = { ...elf.symbols[1]!, size: 60 };
			}),
			"x.bpf.o: section xdp: program count has 60 bytes at 0x0, which is not a multiple of 8",
		],
		[
			"functions that overlap",
			changed((elf) => {
				elf.symbols.push({ name: "inside", section: "xdp", value: 8, size: 8 });
			}),
			"x.bpf.o: section xdp: functions count and inside overlap",
		],
		[
			"maps without BTF",
			without(".BTF"),
			"x.bpf.o: section .maps: has maps but the object has no BTF to describe them",
		],
	];
	it.each(cases)("%s", (_, elf, message) => {
		expect(() => read(elf)).toThrow(expect.objectContaining({ name: "InputError", message }));
	});
});
