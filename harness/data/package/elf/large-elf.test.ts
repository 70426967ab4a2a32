// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { readObject } from "../object.js";
import { SHF, SHT, STB, STT } from "./elf.js";
import { buildElf, TestBtf, type TestElf } from "./testelf.js";

const CODE = SHF.ALLOC | SHF.EXECINSTR;
const callInsn = (by: number) => [0x85, 0x10, 0, 0, by & 255, (by >> 8) & 255, (by >> 16) & 255, by >> 24];
const exitInsn = [0x95, 0, 0, 0, 0, 0, 0, 0];

/** Programs that each call the `calls` after it, around a circle. */
function callers(programs: number, calls: number): TestElf {
	const insns = calls + 1;
	const bytes = Array.from({ length: programs }, (_, from) => [
		...Array.from({ length: calls }, (_, at) => {
			const to = (from + at + 1) % programs;
			return callInsn(to * insns - (from * insns + at) - 1);
		}).flat(),
		...exitInsn,
	]);
	return {
		sections: [{ name: "xdp", data: Uint8Array.from(bytes.flat()), flags: CODE }],
		symbols: Array.from({ length: programs }, (_, at) => ({
			name: `p${at}`,
			section: "xdp",
			value: at * insns * 8,
			size: insns * 8,
		})),
	};
}

describe("an object with much in it", () => {
	it("may have programs whose calls are two million, counted for each of them", () => {
		const { programs } = readObject("x.o", buildElf(callers(400, 10)));
		expect(programs).toHaveLength(400);
		expect(programs[0]?.uses.functions).toHaveLength(399);
		expect(() => readObject("x.o", buildElf(callers(400, 40)))).toThrow(
			"x.o: symbol table: has functions that call more than 2000000 others, counted for each program",
		);
	});

	it("may have symbols whose names come to 16 MiB", () => {
		const named = (count: number): TestElf => ({
			sections: [{ name: "xdp", data: Uint8Array.from(exitInsn), flags: CODE }],
			symbols: [
				{ name: "p", section: "xdp", size: 8 },
				...Array.from({ length: count }, () => ({
					name: "n".repeat(1000),
					section: "xdp",
					type: STT.NOTYPE,
				})),
			],
		});
		expect(readObject("x.o", buildElf(named(16_000))).programs).toHaveLength(1);
		expect(() => readObject("x.o", buildElf(named(17_000)))).toThrow(
			"x.o: symbol table: has names of more than 16777216 bytes together",
		);
	});

	it("may have 500,000 relocations in a section", () => {
		const relocated = (count: number) => {
			const bytes = new Uint8Array(count * 16);
			const data = { name: ".data", data: new Uint8Array(8), flags: SHF.ALLOC | SHF.WRITE };
			const elf = { ...callers(1, 0), relocations: {} };
			// As the last section; `info` 0 applies to none.
			return buildElf({
				...elf,
				sections: [...elf.sections, data, { name: ".rel.x", type: SHT.REL, data: bytes }],
			});
		};
		expect(readObject("x.o", relocated(500_000)).programs).toHaveLength(1);
		expect(() => readObject("x.o", relocated(500_001))).toThrow(
			"x.o: section .rel.x: has 500001 relocations, more than 500000",
		);
	});

	it("finds the programs of each of many struct_ops maps", () => {
		const count = 2000;
		const btf = new TestBtf();
		const ops = btf.struct("ops", 8, [["f", btf.ptr(0), 0]]);
		const variables = Array.from({ length: count }, (_, at) => btf.variable(`v${at}`, ops));
		btf.datasec(
			".struct_ops",
			variables.map((id) => [id, 0, 8] as [number, number, number]),
		);
		const elf = callers(2, 0);
		const { maps } = readObject(
			"x.o",
			buildElf({
				sections: [
					...elf.sections,
					{ name: ".struct_ops", data: new Uint8Array(8 * count), flags: SHF.ALLOC | SHF.WRITE },
					{ name: ".BTF", data: btf.done() },
				],
				symbols: [
					...elf.symbols,
					...Array.from({ length: count }, (_, at) => ({
						name: `v${at}`,
						section: ".struct_ops",
						value: at * 8,
						size: 8,
						type: STT.OBJECT,
						binding: STB.GLOBAL,
					})),
				],
				relocations: {
					".struct_ops": Array.from({ length: count }, (_, at) => ({
						offset: (count - 1 - at) * 8,
						type: 2,
						symbol: `p${at % 2}`,
					})),
				},
			}),
		);
		expect(maps).toHaveLength(count);
		expect(maps[0]?.programs).toEqual(["p1"]);
		expect(maps[count - 1]?.programs).toEqual(["p0"]);
	});
});
