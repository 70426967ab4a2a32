// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readObject } from "../object.js";
import { SHF } from "./elf.js";
import { buildElf, TestBtf } from "./testelf.js";
import { sampleElf } from "./testobject.js";

type Field = { name: string; count?: number; type?: number };

/** The maps of an object in which `write` describes what `.maps` and other sections hold. */
function mapsOf(write: (btf: TestBtf, int: number) => void, section = ".maps") {
	const btf = new TestBtf();
	write(btf, btf.int("int", 4, 1));
	const elf = sampleElf();
	const kept = elf.sections.filter(({ name }) => [".text", "xdp"].includes(name));
	const sections = [
		...kept,
		{ name: section, data: new Uint8Array(64), flags: SHF.ALLOC | SHF.WRITE },
		{ name: ".BTF", data: btf.done() },
	];
	const symbols = elf.symbols.slice(0, 2);
	return readObject("x.bpf.o", buildElf({ sections, symbols })).maps;
}

const defined = (fields: Field[], more?: (btf: TestBtf, int: number) => Field) =>
	mapsOf((btf, int) => {
		const all = more ? [...fields, more(btf, int)] : fields;
		btf.datasec(".maps", [[btf.variable("m", btf.mapDefinition(all, int)), 0, 8]]);
	});

it("reads sizes, flags and pinning without types", () => {
	const fields = [
		{ name: "type", count: 1 },
		{ name: "key_size", count: 20 },
		{ name: "value_size", count: 3 },
		{ name: "max_entries", count: 100_000 },
		{ name: "map_flags", count: 1 },
		{ name: "numa_node", count: 1 },
		{ name: "map_extra", count: 7 },
		{ name: "pinning", count: 1 },
	];
	expect(defined(fields)).toEqual([
		{
			...{
				name: "m",
				kind: "btf",
				type: "hash",
				key_size: 20,
				value_size: 3,
				max_entries: 100_000,
				flags: 1,
				numa_node: 1,
				map_extra: 7,
			},
			pinned: true,
			pin: "/sys/fs/bpf/m",
		},
	]);
});

it("names a type that is newer than its table by its number", () => {
	expect(defined([{ name: "type", count: 900 }])[0]?.type).toBe("900");
});

describe("reads `values`", () => {
	it("of a map of maps", () => {
		const maps = mapsOf((btf, int) => {
			const inner = btf.mapDefinition(
				[
					{ name: "type", count: 2 },
					{ name: "max_entries", count: 5 },
					{ name: "value", type: int },
				],
				int,
			);
			const members: [string, number, number][] = [
				["type", btf.ptr(btf.array(int, 12)), 0],
				["values", btf.array(btf.ptr(inner), 0), 64],
			];
			btf.datasec(".maps", [[btf.variable("outer", btf.struct("", 8, members)), 0, 8]]);
		});
		expect(maps).toMatchObject([
			{
				...{ name: "outer", type: "array_of_maps", value_size: 4 },
				inner: { type: "array", value_size: 4, max_entries: 5 },
			},
		]);
	});

	it("of a prog_array", () => {
		const maps = mapsOf((btf, int) => {
			const members: [string, number, number][] = [
				["type", btf.ptr(btf.array(int, 3)), 0],
				["values", btf.array(btf.ptr(btf.proto(int)), 0), 64],
			];
			btf.datasec(".maps", [[btf.variable("next", btf.struct("", 8, members)), 0, 8]]);
		});
		expect(maps[0]).toMatchObject({ name: "next", type: "prog_array", value_size: 4 });
		expect(maps[0]).not.toHaveProperty("inner");
	});
});

it("reads a number that an enumeration holds, as `__ulong` writes it", () => {
	const maps = mapsOf((btf, int) => {
		const members: [string, number, number][] = [
			["type", btf.ptr(btf.array(int, 33)), 0],
			["map_extra", btf.add(19, "", 8, [btf.string("__unique_value"), 0, 4096], 1), 64],
		];
		btf.datasec(".maps", [[btf.variable("arena", btf.struct("", 16, members)), 0, 16]]);
	});
	expect(maps[0]?.type).toBe("arena");
});

it("reads the maps of struct_ops sections", () => {
	const maps = mapsOf((btf) => {
		const ops = btf.struct("tcp_congestion_ops", 48, []);
		btf.datasec(".struct_ops.link", [[btf.variable("aimd", ops), 0, 48]]);
	}, ".struct_ops.link");
	expect(maps).toMatchObject([{ name: "aimd", kind: "struct_ops", type: "struct_ops", value_size: 48 }]);
});

describe("refuses", () => {
	const type = { name: "type", count: 1 };
	it.each([
		[
			"a key that is not a pointer",
			() =>
				mapsOf((btf, int) => {
					btf.datasec(".maps", [[btf.variable("m", btf.struct("", 4, [["key", int, 0]])), 0, 4]]);
				}),
			"map m: field key is int, not a pointer",
		],
		[
			"a number that is none",
			() => defined([type], (btf, int) => ({ name: "max_entries", type: btf.const(int) })),
			"map m: field max_entries points to no array",
		],
		[
			"values that are no array",
			() => defined([type], (_, int) => ({ name: "values", type: int })),
			"map m: field values is not an array",
		],
		[
			"two maps of one name",
			() =>
				mapsOf((btf, int) => {
					const map = btf.mapDefinition([type], int);
					btf.datasec(".maps", [
						[btf.variable("m", map), 0, 8],
						[btf.variable("m", map), 8, 8],
					]);
				}),
			"section .maps: map m is there twice",
		],
		[
			"maps that the BTF leaves out",
			() => mapsOf(() => undefined),
			"section .maps: is not described in the BTF",
		],
		[
			"an entry that is not a variable",
			() => mapsOf((btf, int) => btf.datasec(".maps", [[int, 0, 4]])),
			"section .maps: BTF type 1 is int, not a variable",
		],
	])("%s", (_, read, message) => {
		expect(read).toThrow(expect.objectContaining({ name: "InputError", message: `x.bpf.o: ${message}` }));
	});
});
