// SPDX-License-Identifier: Apache-2.0
import { SHF, STT } from "../elf/elf.js";
import { buildElf, code, TestBtf } from "../elf/testelf.js";

/**
 * An object with programs that return 0, all in one section, and one map of each name given:
 * `prog_array`, or `array` for `counts`.
 */
export function chainObject(
	programs: readonly string[],
	section = "xdp",
	maps: readonly string[] = [],
): Uint8Array {
	const btf = new TestBtf();
	const int = btf.int("int", 4, 1);
	const variables = maps.map((name, index): [number, number, number] => {
		const fields = [
			{ name: "type", count: name === "counts" ? 2 : 3 },
			{ name: "max_entries", count: 1 },
			{ name: "key", type: int },
			{ name: "value", type: int },
		];
		return [btf.variable(name, btf.mapDefinition(fields, int)), index * 32, 32];
	});
	if (maps.length > 0) btf.datasec(".maps", variables);
	const body = code(true, [0xb7, 0, 0, 0, 0], [0x95, 0, 0, 0, 0]);
	return buildElf({
		sections: [
			{
				name: section,
				data: new Uint8Array(Buffer.concat(programs.map(() => body))),
				flags: SHF.ALLOC | SHF.EXECINSTR,
			},
			{ name: ".maps", data: new Uint8Array(32 * maps.length), flags: SHF.ALLOC | SHF.WRITE },
			{ name: "license", data: new Uint8Array(Buffer.from("GPL\0")), flags: SHF.ALLOC },
			{ name: ".BTF", data: btf.done() },
		],
		symbols: [
			...programs.map((name, index) => ({ name, section, value: index * body.length, size: body.length })),
			...maps.map((name, index) => ({
				name,
				section: ".maps",
				value: index * 32,
				size: 32,
				type: STT.OBJECT,
			})),
		],
	});
}
