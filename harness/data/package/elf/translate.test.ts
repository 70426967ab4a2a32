// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readObject } from "../object.js";
import type { Dialect } from "./dialect.js";
import { readElf, SHF, STT } from "./elf.js";
import { Bytes, buildElf, type TestBtf, TestBtf as Types } from "./testelf.js";
import { sampleElf } from "./testobject.js";

const littleEndian = true;
/** A `struct bpf_map_def`, with fields behind it where given. */
const definition = (little: boolean, ...words: number[]) => new Bytes(little).u32(...words).done();

/** An object with the maps `hits` (in `.maps`) and `old`, `older` (in an old section). */
function legacyObject({
	little = true,
	btf = true,
	section = "maps",
	extra = [] as number[],
} = {}): Uint8Array {
	const elf = sampleElf({ littleEndian: little });
	const old = new Bytes(little)
		.add(definition(little, 2, 4, 8, 16, 0, ...extra))
		.add(definition(little, 1, 2, 3, 1_500_000_000, 1, ...extra));
	const size = old.length / 2;
	const sections = btf ? elf.sections : elf.sections.filter(({ name }) => !/BTF|\.maps/.test(name));
	sections.push({ name: section, data: old.done(), flags: SHF.ALLOC | SHF.WRITE });
	const symbols = btf ? elf.symbols : elf.symbols.filter(({ name }) => name !== "hits");
	const relocations = elf.relocations?.xdp?.filter(({ symbol }) => btf || symbol !== "hits") ?? [];
	symbols.push({ name: "old", section, size, type: STT.OBJECT });
	symbols.push({ name: "older", section, value: size, size, type: STT.OBJECT });
	relocations.push({ offset: 48, type: 1, symbol: "older" });
	return buildElf({ ...elf, sections, symbols, relocations: { ...elf.relocations, xdp: relocations } });
}

const legacyMaps = [
	{ name: "old", type: "array", key_size: 4, value_size: 8, max_entries: 16, flags: 0 },
	{ name: "older", type: "hash", key_size: 2, value_size: 3, max_entries: 1_500_000_000, flags: 1 },
];

describe("maps of the old kind", () => {
	it.each([
		[true, "cilium/ebpf", "maps"],
		[false, "cilium/ebpf", "maps/all"],
		[true, "aya", "maps"],
		[true, "libbpf-legacy", "maps"],
	] as const)("become maps of .maps (little endian %s, %s, section %s)", (little, dialect, section) => {
		const bytes = legacyObject({ little, section });
		const { maps, loadable, elf, btf } = readObject("x.bpf.o", bytes, dialect);
		expect(maps.filter(({ kind }) => kind === "btf")).toMatchObject([{ name: "hits" }, ...legacyMaps]);
		const home = elf.sections.find(({ name }) => name === ".maps")!;
		const symbols = elf.symbols.filter(({ name }) => /^(hits|old|older)$/.test(name));
		expect(symbols.map(({ section, value }) => [section, value])).toEqual([
			[home.index, 0],
			[home.index, 32],
			[home.index, 52],
		]);
		expect(home.size).toBe(72);
		expect(elf.sections.some(({ name }) => name.startsWith("maps"))).toBe(false);
		const used = elf.relocations(elf.sections.find(({ name }) => name === "xdp")!.index);
		expect(used.map(({ symbol }) => symbol.name)).toContain("older");
		const datasec = btf?.type(btf.find(".maps", "datasec")!);
		expect(datasec).toMatchObject({ size: 72, entries: [{ offset: 0 }, { offset: 32 }, { offset: 52 }] });
		// The result is an object like any other.
		expect(readObject("x.bpf.o", loadable).maps).toHaveLength(maps.length);
	});

	it("get BTF where the object has none", () => {
		const { maps, btf } = readObject("x.bpf.o", legacyObject({ btf: false }), "cilium/ebpf");
		expect(maps).toMatchObject(expect.arrayContaining(legacyMaps.map((map) => expect.objectContaining(map))));
		expect(btf?.find(".maps", "datasec")).toBeDefined();
	});

	it("stay as they are for libbpf, which refuses them", () => {
		const bytes = legacyObject();
		const { loadable, maps } = readObject("x.bpf.o", bytes);
		expect(loadable).toBe(bytes);
		expect(maps.map(({ name }) => name)).not.toContain("old");
	});

	it("are pinned as aya reads it, and not by others", () => {
		const bytes = legacyObject({ extra: [0, 1] });
		const pinned = (dialect: Dialect) =>
			readObject("x.bpf.o", bytes, dialect)
				.maps.filter((map) => map.pinned)
				.map(({ name }) => name);
		expect(pinned("aya")).toEqual(["old", "older"]);
		expect(pinned("cilium/ebpf")).toEqual([]);
		expect(() => pinned("libbpf-legacy")).toThrow("map old: sets fields after map_flags");
	});

	it.each([
		["a definition that is too short", 8, 16, "map old: has 16 bytes, fewer than the 20"],
		["a definition beyond its section", 24, 20, "map old: ends at 0x2c"],
		["no symbol", 0, -1, "section maps: has no symbol that names a map"],
	])("are refused: %s", (_, value, size, message) => {
		const elf = sampleElf();
		elf.sections.push({ name: "maps", data: new Uint8Array(24), flags: SHF.ALLOC });
		if (size >= 0) elf.symbols.push({ name: "old", section: "maps", value, size, type: STT.OBJECT });
		expect(() => readObject("x.bpf.o", buildElf(elf), "cilium/ebpf")).toThrow(message);
	});
});

describe("a kind of pinning that libbpf does not have", () => {
	function pinned(count: number): Uint8Array {
		const btf: TestBtf = new Types(littleEndian);
		const int = btf.int("int", 4, 1);
		const fields = [
			{ name: "type", count: 1 },
			{ name: "key_size", count: 4 },
			{ name: "value_size", count: 4 },
			{ name: "pinning", count },
		];
		btf.datasec(".maps", [[btf.variable("m", btf.mapDefinition(fields, int)), 0, 32]]);
		const elf = sampleElf();
		const sections = elf.sections.map((section) =>
			section.name === ".BTF" ? { ...section, data: btf.done() } : section,
		);
		return buildElf({ ...elf, sections: sections.filter(({ name }) => name !== ".BTF.ext") });
	}

	it("is left to the package's loader, and others are kept", () => {
		const read = (count: number, dialect: Dialect) =>
			readObject("x.bpf.o", pinned(count), dialect).maps.find(({ name }) => name === "m");
		expect(read(16, "cilium/ebpf")).not.toHaveProperty("pinned");
		expect(read(1, "cilium/ebpf")).toHaveProperty("pinned", true);
		const bytes = pinned(1);
		expect(readObject("x.bpf.o", bytes, "aya").loadable).toBe(bytes);
		const { loadable } = readObject("x.bpf.o", pinned(16), "aya");
		expect(Buffer.compare(loadable, pinned(16))).not.toBe(0);
	});
});

it("aya takes an object without a license for GPL", () => {
	const elf = sampleElf();
	const bytes = buildElf({ ...elf, sections: elf.sections.filter(({ name }) => name !== "license") });
	expect(readObject("x.bpf.o", bytes, "aya").license).toBe("GPL");
	expect(readObject("x.bpf.o", bytes, "cilium/ebpf").license).toBe("");
	const sections = readElf("x.bpf.o", readObject("x.bpf.o", bytes, "aya").loadable).sections;
	expect(sections.at(-1)).toMatchObject({ name: "license" });
});
