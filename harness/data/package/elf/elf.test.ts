// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readElf } from "./elf.js";
import { buildElf } from "./testelf.js";
import { sampleElf, sampleObject } from "./testobject.js";

const good = sampleObject();

/** The sample with some bytes of it changed. */
function patched(...changes: [offset: number, ...bytes: number[]][]): Uint8Array {
	const bytes = Uint8Array.from(good);
	for (const [offset, ...values] of changes) bytes.set(values, offset);
	return bytes;
}

it("reads sections, symbols and relocations", () => {
	const elf = readElf("x.o", good);
	expect(elf.sections.map(({ name }) => name)).toEqual([
		"",
		...[".text", "xdp", ".maps", ".rodata", ".bss", "license", ".BTF", ".BTF.ext"],
		...[".relxdp", ".rel.text", ".symtab", ".strtab", ".shstrtab"],
	]);
	expect(elf.sections[5]).toMatchObject({ name: ".bss", size: 24, data: new Uint8Array(0) });
	expect(elf.symbols.find(({ name }) => name === "config")).toMatchObject({ value: 4, size: 12, section: 4 });
	expect(elf.relocations(2).map(({ offset, type, symbol }) => [offset, type, symbol.name])).toEqual([
		[0, 1, "hits"],
		[24, 1, "limit"],
		[40, 10, "helper_of_ours"],
	]);
	expect(elf.relocations(3)).toEqual([]);
});

it("accepts the machine 0 of the first compilers", () => {
	expect(readElf("x.o", buildElf({ ...sampleElf(), machine: 0 })).symbols).not.toHaveLength(0);
});

it("says how to compile C source", () => {
	const source = new Uint8Array(Buffer.from("int main(void) { return 0; }\n"));
	expect(() => readElf("x.bpf.c", source)).toThrow(
		"x.bpf.c: is C source; compile it first: clang -O2 -g -target bpf -c",
	);
});

describe("refuses, with file, place and reason,", () => {
	const sectionHeaders = Number(Buffer.from(good).readBigUInt64LE(40));
	const cases: [string, Uint8Array, string][] = [
		["an empty file", new Uint8Array(0), "x.o: is empty"],
		[
			"a text file",
			new Uint8Array(Buffer.from("int main(void) { return 0; }\n")),
			"x.o: ELF header: is not an ELF object: it does not begin with 7f 45 4c 46",
		],
		[
			"a file that ends in its header",
			good.subarray(0, 20),
			"x.o: ELF header: ends at 0x40 but the file has 0x14 bytes",
		],
		["a 32-bit file", patched([4, 1]), "x.o: ELF header: is a 32-bit ELF file; eBPF objects are 64-bit"],
		["an unknown class", patched([4, 9]), "x.o: ELF header: has class 9, neither 32-bit nor 64-bit"],
		[
			"an unknown byte order",
			patched([5, 3]),
			"x.o: ELF header: has byte order 3, neither little nor big endian",
		],
		[
			"an object for another machine",
			patched([18, 62, 0]),
			"x.o: ELF header: is for x86-64, not eBPF; build with clang -target bpf",
		],
		[
			"an object for a machine without a name",
			patched([18, 0xe7, 3]),
			"x.o: ELF header: is for machine 999, not eBPF; build with clang -target bpf",
		],
		["an executable", patched([16, 2, 0]), "x.o: ELF header: is an executable, not a relocatable object"],
		["a core dump", patched([16, 4, 0]), "x.o: ELF header: is a core dump, not a relocatable object"],
		["a file without sections", patched([40, 0, 0, 0, 0]), "x.o: section header table: is missing"],
		[
			"a truncated file",
			good.subarray(0, good.length - 1),
			`x.o: section header table: ends at 0x${good.length.toString(16)} but the file has 0x${(good.length - 1).toString(16)} bytes`,
		],
		[
			"section headers of another size",
			patched([58, 40, 0]),
			"x.o: section header table: has entries of 40 bytes, not 64",
		],
		[
			"an offset that no file reaches",
			patched([40, 255, 255, 255, 255, 255, 255, 255, 255]),
			"x.o: ELF header: holds 0xffffffffffffffff at 0x28",
		],
		[
			"a table of names that does not exist",
			patched([62, 200, 0]),
			"x.o: ELF header: names section 200 for names but there are 14 sections",
		],
		[
			"a section behind the end",
			patched([sectionHeaders + 64 + 24, 0, 0, 1, 0]),
			`x.o: section 1: ends at 0x10018 but the file has 0x${good.length.toString(16)} bytes`,
		],
		[
			"sections that share their bytes",
			patched([sectionHeaders + 64 + 24, 64], [sectionHeaders + 64 + 32, 0, 2]),
			"x.o: section header table: has sections that overlap",
		],
		[
			"a stripped object",
			patched([sectionHeaders + 11 * 64 + 4, 1]),
			"x.o: symbol table: is missing; the object must not be stripped",
		],
	];
	it.each(cases)("%s", (_, bytes, message) => {
		expect(() => readElf("x.o", bytes)).toThrow(expect.objectContaining({ name: "InputError", message }));
	});
});
