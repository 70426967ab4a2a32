// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { TestBtf } from "../../../data/package/elf/testelf.js";
import { type RamRange, ramRanges } from "./guest-memory.js";
import { isThere, kernelLayout, type Symbols } from "./kernel-layout.js";
import { TestKernelMemory } from "./testkernel-memory.js";

const text = 0xffff_ffff_9b00_0000n;

interface Place {
	ranges: RamRange[];
	/** Where the image begins. */
	image: number;
}

const low: Place = { ranges: ramRanges(2 ** 23), image: 2 ** 21 };
const { image } = low;
/** As where the kernel places itself by chance in the RAM above 4 GiB. */
const high: Place = {
	ranges: [
		{ address: 0, offset: 0, size: 2 ** 21 },
		{ address: 2 ** 32, offset: 2 ** 21, size: 2 ** 23 },
	],
	image: 2 ** 32 + 2 ** 21,
};

/** The structs of a small kernel. @param leftOut the member that it lacks */
function btf(leftOut?: string): Uint8Array {
	const test = new TestBtf(true);
	const [u8, u32, u64] = [test.int("u8", 1), test.int("u32", 4), test.int("u64", 8)];
	const counter = test.struct("", 8, [["counter", u64, 0]]);
	const struct = (name: string, size: number, members: [string, number, number][]) =>
		test.struct(
			name,
			size,
			members
				.filter(([member]) => member !== leftOut)
				.map(([member, type, byte]): [string, number, number] => [member, type, byte * 8]),
		);
	const xarray = struct("xarray", 16, [["xa_head", test.ptr(0), 8]]);
	struct("idr", 24, [
		["idr_rt", xarray, 0],
		["idr_base", u32, 16],
	]);
	struct("xa_node", 528, [
		["shift", u8, 0],
		["slots", test.array(test.ptr(0), 64), 16],
	]);
	const tag = test.struct("", 8, [["tag", test.array(u8, 8), 0]], true);
	struct("bpf_prog", 64, [
		["type", u32, 4],
		["len", u32, 8],
		["jited_len", u32, 12],
		["", tag, 16],
		["aux", test.ptr(0), 24],
		["insnsi", test.array(u64, 0), 64],
	]);
	struct("bpf_prog_aux", 64, [
		["refcnt", counter, 0],
		["id", u32, 8],
		["name", test.array(u8, 16), 12],
	]);
	const map: [string, number, number][] = [
		["map_type", u32, 0],
		["id", u32, 4],
		["name", test.array(u8, 16), 8],
	];
	struct("bpf_map", 64, [...map, ["refcnt", counter, 24]]);
	struct("bpf_link", 64, [
		["refcnt", counter, 0],
		["id", u32, 8],
		["type", u32, 12],
		["prog", test.ptr(0), 16],
	]);
	return test.done();
}

function kernel(
	types: Uint8Array,
	levels: 4 | 5 = 5,
	{ ranges, image }: Place = low,
): { memory: TestKernelMemory; symbols: Symbols } {
	const memory = new TestKernelMemory(levels, ranges);
	memory.put(image + 0x1000, "Linux version 7.3.4");
	memory.put(image + 0x2000, types);
	memory.map(text + 0x1000n, image + 0x1000);
	const symbols = {
		_text: text,
		linux_banner: text + 0x1000n,
		// The test's page tables lie before its image.
		init_top_pgt: text + BigInt(memory.root - image),
		__start_BTF: text + 0x2000n,
		__stop_BTF: text + 0x2000n + BigInt(types.length),
		prog_idr: text + 0x10n,
		map_idr: text + 0x20n,
		link_idr: text + 0x30n,
	};
	return { memory, symbols };
}

describe.each([
	[4, low],
	[5, low],
	[5, high],
] as const)("a kernel with %i levels of page tables", (levels, place) => {
	it("is found by its banner, its symbols and its BTF", () => {
		const { image } = place;
		const { memory, symbols } = kernel(btf(), levels, place);
		const layout = kernelLayout(memory, symbols);
		expect(layout).toMatchObject({
			levels,
			root: memory.root,
			banner: image + 0x1000,
			tables: { programs: "0xffffffff9b000010", links: "0xffffffff9b000030" },
		});
		expect(layout.fields["idr.idr_rt.xa_head"]).toEqual({ offset: 8, size: 8 });
		expect(layout.fields["bpf_prog.tag"]).toEqual({ offset: 16, size: 8 });
		expect(layout.fields["bpf_prog_aux.verified_insns"]).toBeUndefined();
		expect(isThere(memory, layout)).toBe(true);
		memory.put(image + 0x1000, "Linus");
		expect(isThere(memory, layout)).toBe(false);
	});
});

describe("a kernel that cannot be read", () => {
	function reason(
		types: Uint8Array,
		changed: Partial<Symbols> = {},
		before = (_: TestKernelMemory) => {},
	): string {
		const { memory, symbols } = kernel(types);
		before(memory);
		try {
			return `none: ${kernelLayout(memory, { ...symbols, ...changed }).banner}`;
		} catch (error) {
			return String(error);
		}
	}

	it.each([
		["shift", "Unsupported: its BTF has no xa_node.shift"],
		["idr_rt", "Unsupported: its BTF has no idr.idr_rt.xa_head"],
		["aux", "Unsupported: its BTF has no bpf_prog.aux"],
	])("was built without %s", (member, why) => {
		expect(reason(btf(member))).toBe(why);
	});

	it("was built without a symbol or without BTF", () => {
		expect(reason(btf(), { link_idr: 0n })).toBe("Unsupported: it has no symbol link_idr");
		expect(reason(btf(), { __stop_BTF: text + 0x2000n })).toBe("Unsupported: its BTF has 0 bytes");
		const size = 2n ** 64n - 1n - text - 0x2000n;
		expect(reason(btf(), { __stop_BTF: 2n ** 64n - 1n })).toBe(`Unsupported: its BTF has ${size} bytes`);
	});

	it("is not in memory, or broken", () => {
		const noImage = "Unreadable: no kernel image is in RAM to which page tables lead";
		expect(reason(btf(), {}, (memory) => memory.put(image + 0x1000, "?"))).toBe(noImage);
		expect(reason(btf(), {}, (memory) => memory.map(text + 0x1000n, 0))).toBe(noImage);
		expect(reason(btf(), {}, (memory) => memory.put(image + 0x2000, "??"))).toMatch(
			/^Unreadable: the kernel's BTF: /,
		);
	});

	it("is not mistaken for what its decompressor left behind", () => {
		const stale = (memory: TestKernelMemory) => {
			memory.put(image + 0x1000, "Linux version 7.3.4");
			memory.put(2 * image + 0x1000, "Linux version 7.3.4");
			memory.put(2 * image + 0x2000, btf());
			memory.map(text + 0x1000n, 2 * image + 0x1000);
		};
		// Its own tables lie as far before the image as those of the first one.
		const root = (memory: TestKernelMemory) => text + BigInt(memory.root - 2 * image);
		const { memory, symbols } = kernel(btf());
		stale(memory);
		expect(kernelLayout(memory, { ...symbols, init_top_pgt: root(memory) }).banner).toBe(2 * image + 0x1000);
	});
});
