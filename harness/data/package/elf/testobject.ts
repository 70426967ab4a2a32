// SPDX-License-Identifier: Apache-2.0
import { SHF, SHT, STB, STT } from "./elf.js";
import { Bytes, buildElf, code, TestBtf, type TestElf } from "./testelf.js";

const CODE = SHF.ALLOC | SHF.EXECINSTR;
const text = (value: string) => new Uint8Array(Buffer.from(`${value}\0`));

/** An XDP program with a map, a constant, a function, a kfunc and a CO-RE relocation. */
export function sampleElf({ littleEndian = true, section = "xdp" } = {}): TestElf {
	const btf = new TestBtf(littleEndian);
	const int = btf.int("int", 4, 1);
	const u32 = btf.typedef("__u32", btf.int("unsigned int", 4));
	const u64 = btf.int("long long unsigned int", 8);
	const hits = btf.mapDefinition(
		[
			{ name: "type", count: 6 },
			{ name: "max_entries", count: 16 },
			{ name: "key", type: u32 },
			{ name: "value", type: u64 },
		],
		int,
	);
	btf.datasec(".maps", [[btf.variable("hits", hits), 0, 32]]);
	const char = btf.int("char", 1, 1);
	const config = btf.struct("config", 12, [
		["limit", u32, 0],
		["label", btf.array(char, 8), 32],
	]);
	btf.datasec(".rodata", [
		[btf.variable("limit", btf.const(u32)), 0, 4],
		[btf.variable("config", btf.const(config)), 0, 12],
		[btf.variable("hidden", btf.const(u32), 0), 16, 4],
	]);
	const kfunc = btf.func("bpf_kernel_thing", btf.proto(int), 2);
	btf.datasec(".ksyms", [[kfunc, 0, 0]]);
	btf.datasec(".kconfig", [[btf.variable("CONFIG_HZ", int, 2), 0, 4]]);
	const task = btf.struct("task_struct", 16, [
		["flags", int, 0],
		["pid", int, 32],
	]);
	const ext = extOf(btf, littleEndian, section, task);
	const program = code(
		littleEndian,
		[0x18, 1, 0, 0, 0],
		[0x00, 0, 0, 0, 0],
		[0x85, 0, 0, 0, 1],
		[0x18, 1, 0, 0, 0],
		[0x00, 0, 0, 0, 0],
		[0x85, 0, 1, 0, -1],
		[0xb7, 0, 0, 0, 2],
		[0x95, 0, 0, 0, 0],
	);
	const ours = code(littleEndian, [0x85, 0, 1, 0, -1], [0x85, 0, 0, 0, 5], [0x95, 0, 0, 0, 0]);
	return {
		littleEndian,
		sections: [
			{ name: ".text", data: ours, flags: CODE },
			{ name: section, data: program, flags: CODE },
			{ name: ".maps", data: new Uint8Array(32), flags: SHF.ALLOC | SHF.WRITE },
			{ name: ".rodata", data: Uint8Array.from({ length: 20 }, (_, index) => index), flags: SHF.ALLOC },
			{ name: ".bss", data: new Uint8Array(0), size: 24, type: SHT.NOBITS, flags: SHF.ALLOC | SHF.WRITE },
			{ name: "license", data: text("GPL"), flags: SHF.ALLOC },
			{ name: ".BTF", data: btf.done() },
			{ name: ".BTF.ext", data: ext },
		],
		symbols: [
			{ name: "helper_of_ours", section: ".text", size: ours.length },
			{ name: "count", section, size: program.length },
			{ name: "hits", section: ".maps", size: 32, type: STT.OBJECT },
			{ name: "limit", section: ".rodata", size: 4, type: STT.OBJECT },
			{ name: "config", section: ".rodata", value: 4, size: 12, type: STT.OBJECT },
			{ name: "hidden", section: ".rodata", value: 16, size: 4, type: STT.OBJECT, binding: STB.LOCAL },
			{ name: "bpf_kernel_thing", type: STT.NOTYPE },
			{ name: "CONFIG_HZ", type: STT.NOTYPE, binding: STB.WEAK },
		],
		relocations: {
			[section]: [
				{ offset: 0, type: 1, symbol: "hits" },
				{ offset: 24, type: 1, symbol: "limit" },
				{ offset: 40, type: 10, symbol: "helper_of_ours" },
			],
			".text": [{ offset: 0, type: 10, symbol: "bpf_kernel_thing" }],
		},
	};
}

export function sampleObject(options?: Parameters<typeof sampleElf>[0]): Uint8Array {
	return buildElf(sampleElf(options));
}

function extOf(btf: TestBtf, littleEndian: boolean, section: string, task: number): Uint8Array {
	const at = btf.string(section);
	const line = (offset: number, number: number, source: string) => [
		offset,
		btf.string("count.bpf.c"),
		btf.string(source),
		number * 1024 + 5,
	];
	const lines = new Bytes(littleEndian).u32(
		16,
		at,
		2,
		...line(0, 10, "\tlookup(&hits);"),
		...line(24, 12, "\treturn limit;"),
	);
	const relocations = new Bytes(littleEndian).u32(16, at, 1, 48, task, btf.string("0:1"), 0);
	return new Bytes(littleEndian)
		.put([2, 0xeb9f], [1, 1], [1, 0])
		.u32(32, 0, 0, 0, lines.length, lines.length, relocations.length)
		.add(lines.done())
		.add(relocations.done())
		.done();
}
