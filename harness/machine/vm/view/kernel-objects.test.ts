// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { Unreadable } from "./guest-memory.js";
import type { KernelLayout } from "./kernel-layout.js";
import { type KernelObjects, kernelObjects } from "./kernel-objects.js";
import { TestKernelMemory, type TestObject } from "./testkernel-memory.js";

const hex = (address: bigint) => `0x${address.toString(16)}`;

class TestKernel {
	readonly memory = new TestKernelMemory();
	readonly programs = this.memory.allocate();
	readonly maps = this.memory.allocate();
	readonly links = this.memory.allocate();
	readonly layout: KernelLayout = this.memory.layout({
		programs: hex(this.programs.virtual),
		maps: hex(this.maps.virtual),
		links: hex(this.links.virtual),
	});

	view(): KernelObjects {
		return kernelObjects(this.memory, this.layout);
	}

	head(table: TestObject, entry: bigint): void {
		this.memory.u64(table.physical + 8, entry);
	}

	/** A node with entries by slot. */
	node(shift: number, entries: Record<number, bigint>): TestObject & { entry: bigint } {
		const node = this.memory.allocate();
		this.memory.put(node.physical, Uint8Array.of(shift));
		for (const [slot, entry] of Object.entries(entries))
			this.memory.u64(node.physical + 16 + Number(slot) * 8, entry);
		return { ...node, entry: node.virtual | 2n };
	}

	program(id: number, name: string, references = 1n): TestObject {
		const [prog, aux] = [this.memory.allocate(), this.memory.allocate()];
		this.memory.put(prog.physical + 4, new Uint8Array(Uint32Array.of(6, 40, 200).buffer));
		this.memory.put(prog.physical + 16, Buffer.from("0123456789abcdef", "hex"));
		this.memory.u64(prog.physical + 24, aux.virtual);
		this.memory.u64(aux.physical, references);
		this.memory.put(aux.physical + 8, Uint8Array.of(id));
		this.memory.put(aux.physical + 12, name);
		return prog;
	}

	map(id: number, name: string, references = 1n): TestObject {
		const map = this.memory.allocate();
		this.memory.put(map.physical, Uint8Array.of(2, 0, 0, 0, id));
		this.memory.put(map.physical + 8, name);
		this.memory.u64(map.physical + 24, references);
		return map;
	}
}

const described = (id: number, name: string) => ({
	id,
	type: 6,
	name,
	tag: "0123456789abcdef",
	instructions: 40,
	jited: 200,
});

describe("the kernel's tables", () => {
	it("may be empty", () => {
		expect(new TestKernel().view()).toEqual({ programs: [], maps: [], links: [] });
	});

	it("may have one object without a node", () => {
		const kernel = new TestKernel();
		kernel.head(kernel.programs, kernel.program(0, "").virtual);
		expect(kernel.view().programs).toEqual([]);
		kernel.memory.put(kernel.programs.physical + 16, Uint8Array.of(7));
		kernel.head(kernel.programs, kernel.program(7, "one").virtual);
		expect(kernel.view().programs).toEqual([described(7, "one")]);
	});

	it("have their objects in nodes of several levels, in the order of ids", () => {
		const kernel = new TestKernel();
		const low = kernel.node(0, { 5: kernel.program(5, "five").virtual });
		const high = kernel.node(0, { 1: kernel.program(65, "a_name_of_fifteen").virtual });
		kernel.head(kernel.programs, kernel.node(6, { 0: low.entry, 1: high.entry }).entry);
		expect(kernel.view().programs).toEqual([described(5, "five"), described(65, "a_name_of_fiftee")]);
	});

	it("have marks, and objects that bpf() does not give out", () => {
		const kernel = new TestKernel();
		const reserved = 0x406n;
		const unborn = kernel.map(0, "unborn");
		const [freed, live] = [kernel.map(3, "freed", 0n), kernel.map(4, "live")];
		const entries = { 1: reserved, 2: unborn.virtual, 3: freed.virtual, 4: live.virtual };
		kernel.head(kernel.maps, kernel.node(0, entries).entry);
		expect(kernel.view().maps).toEqual([{ id: 4, type: 2, name: "live" }]);
	});

	it("show which program a link has", () => {
		const kernel = new TestKernel();
		const link = kernel.memory.allocate();
		kernel.memory.u64(link.physical, 1n);
		kernel.memory.put(link.physical + 8, Uint8Array.of(1, 0, 0, 0, 9));
		kernel.head(kernel.links, kernel.node(0, { 1: link.virtual }).entry);
		expect(kernel.view().links).toEqual([{ id: 1, type: 9 }]);
		kernel.memory.u64(link.physical + 16, kernel.program(12, "attached").virtual);
		expect(kernel.view().links).toEqual([{ id: 1, type: 9, program: 12 }]);
	});
});

describe("hostile memory", () => {
	const broken: Record<string, [(kernel: TestKernel) => void, RegExp]> = {
		"the kernel is not where it was": [
			(kernel) => kernel.memory.put(0x100, "Minux"),
			/^the kernel is not where it was$/,
		],
		"a table that is not mapped": [
			(kernel) => kernel.memory.map(kernel.programs.virtual, 2 ** 40),
			/is not in RAM$/,
		],
		"an object that is not mapped": [
			(kernel) => kernel.head(kernel.programs, 0xffff_ffff_8000_0000n),
			/^0xffffffff80000\w+ is not mapped$/,
		],
		"an address that is none": [(kernel) => kernel.head(kernel.maps, 0x1234_0000_0000_0000n), /does not fit/],
		"a node that is its own child": [
			(kernel) => {
				const node = kernel.node(6, {});
				kernel.memory.u64(node.physical + 16, node.entry);
				kernel.head(kernel.links, node.entry);
			},
			/^a node of a table has shift 6$/,
		],
		"a node with an absurd shift": [
			(kernel) => kernel.head(kernel.maps, kernel.node(250, {}).entry),
			/^a node of a table has shift 250$/,
		],
		"nodes that share their children, without end": [
			(kernel) => {
				let { entry } = kernel.node(0, {});
				for (let shift = 6; shift < 30; shift += 6)
					({ entry } = kernel.node(
						shift,
						Object.fromEntries(Array.from({ length: 64 }, (_, at) => [at, entry])),
					));
				kernel.head(kernel.maps, entry);
			},
			/^a table has more than 4096 nodes$/,
		],
		"one object under every id": [
			(kernel) => {
				const object = kernel.map(0, "").virtual;
				const all = (entry: bigint) => Object.fromEntries(Array.from({ length: 64 }, (_, at) => [at, entry]));
				let { entry } = kernel.node(0, all(object));
				for (const shift of [6, 12, 18]) ({ entry } = kernel.node(shift, all(entry)));
				kernel.head(kernel.maps, entry);
			},
			/^a table has more than 16384 objects$/,
		],
		"an object under another id": [
			(kernel) => kernel.head(kernel.maps, kernel.node(0, { 3: kernel.map(9, "").virtual }).entry),
			/^the map with id 3 says that its id is 9$/,
		],
	};

	it.each(Object.entries(broken))("%s", (_, [change, why]) => {
		const kernel = new TestKernel();
		change(kernel);
		expect(() => kernel.view()).toThrow(Unreadable);
		expect(() => kernel.view()).toThrow(why);
	});

	it("of random bytes gives an answer or a reason", () => {
		let state = 1;
		const random = () => (state = (state * 48_271) % 0x7fff_ffff);
		for (let round = 0; round < 300; round++) {
			const kernel = new TestKernel();
			const node = kernel.node(0, { 1: kernel.program(1, "x").virtual });
			kernel.head(kernel.programs, node.entry);
			for (let changed = 0; changed < 64; changed++)
				kernel.memory.put((random() % 30) * 4096 + (random() % 4096), Uint8Array.of(random() & 0xff));
			kernel.memory.put(node.physical + 16 + (random() % 512), Uint8Array.of(random() & 0xff));
			try {
				kernel.view();
			} catch (error) {
				expect(error).toBeInstanceOf(Unreadable);
			}
		}
	});
});
