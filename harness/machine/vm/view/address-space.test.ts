// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { AddressSpace } from "./address-space.js";
import { ramRanges, Unreadable } from "./guest-memory.js";
import { TestKernelMemory } from "./testkernel-memory.js";

describe.each([4, 5] as const)("page tables of %i levels", (levels) => {
	it.each([
		[12, 0xffff_c900_0000_5000n, 0x20_3000, 0x123n, 0x20_3123],
		[21, 0xffff_8880_0020_0000n, 0x40_0000, 0x1_2345n, 0x41_2345],
		[30, 0xffff_8880_4000_0000n, 0x0, 0x301_2345n, 0x301_2345],
	] as const)("lead to a page of 2^%i bytes", (shift, virtual, physical, offset, expected) => {
		const memory = new TestKernelMemory(levels, ramRanges(2 ** 26));
		memory.map(virtual, physical, shift);
		const space = new AddressSpace(memory, memory.root, levels);
		expect(space.physical(virtual + offset)).toBe(expected);
		memory.put(expected, "here");
		expect(space.bytes(virtual + offset, 4).toString()).toBe("here");
	});

	it("join what lies on two pages", () => {
		const memory = new TestKernelMemory(levels, ramRanges(2 ** 26));
		memory.map(0xffff_c900_0000_0000n, 0x20_0000);
		memory.map(0xffff_c900_0000_1000n, 0x30_0000);
		memory.put(0x20_0ffc, "abcd");
		memory.put(0x30_0000, "efgh");
		const space = new AddressSpace(memory, memory.root, levels);
		expect(space.bytes(0xffff_c900_0000_0ffcn, 8).toString()).toBe("abcdefgh");
		expect(space.u64(0xffff_c900_0000_0ffcn)).toBe(0x6867_6665_6463_6261n);
	});

	it.each([
		[0n, "0x0 is not mapped"],
		[0xffff_c900_0000_0000n, "0xffffc90000000000 is not mapped"],
		[0x8000_0000_0000_0000n, /^0x8000000000000000 does not fit into (48|57) bits$/],
		[0xffff_ffff_ffff_fffcn, /is not mapped|does not fit/],
	])("lead nowhere from 0x%s", (address, why) => {
		const memory = new TestKernelMemory(levels, ramRanges(2 ** 26));
		const space = new AddressSpace(memory, memory.root, levels);
		const read = () => space.bytes(address, 8);
		expect(read).toThrow(Unreadable);
		expect(read).toThrow(why);
	});

	it("may lead out of RAM or in circles, and reading ends", () => {
		const memory = new TestKernelMemory(levels, ramRanges(2 ** 26));
		memory.map(0xffff_c900_0000_0000n, 0xffff_ffff_f000);
		const space = new AddressSpace(memory, memory.root, levels);
		expect(() => space.bytes(0xffff_c900_0000_0000n, 8)).toThrow("0xfffffffff000 is not in RAM");
		for (let at = 0; at < 4096; at += 8) memory.u64(memory.root + at, BigInt(memory.root) | 3n);
		const circle = new AddressSpace(memory, memory.root, levels);
		expect(circle.bytes(0xffff_c900_0000_0000n, 8)).toHaveLength(8);
		expect(() => circle.bytes(0xffff_8880_0000_0000n, 2 ** 40)).toThrow("it takes more than 16777216 bytes");
		const everything = () => {
			for (let at = 0xffff_8880_0000_0000n; ; at += 4096n) circle.bytes(at, 8);
		};
		expect(everything).toThrow("it takes more than 16384 pages");
	});
});
