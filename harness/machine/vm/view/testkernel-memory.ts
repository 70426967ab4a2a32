// SPDX-License-Identifier: Apache-2.0
import type { Levels } from "./address-space.js";
import { type PhysicalMemory, type RamRange, ramOffset, ramRanges, Unreadable } from "./guest-memory.js";
import type { Fields, KernelLayout } from "./kernel-layout.js";

const page = 4096;

/** For tests: the memory of a kernel that never ran, with 4 or 5 levels of page tables. */
export class TestKernelMemory implements PhysicalMemory {
	readonly #bytes: Buffer;
	#used = 2 * page;
	readonly root = page;

	/** @param ranges of RAM; default: 2 MiB without a hole */
	constructor(
		readonly levels: Levels = 4,
		readonly ranges: readonly RamRange[] = ramRanges(2 ** 21),
	) {
		this.#bytes = Buffer.alloc(ranges.reduce((sum, { size }) => sum + size, 0));
	}

	read(address: number, length: number): Buffer {
		const offset = this.#offset(address, length);
		return Buffer.from(this.#bytes.subarray(offset, offset + length));
	}

	#offset(address: number, length: number): number {
		const offset = ramOffset(this.ranges, address, length);
		if (offset === undefined) throw new Unreadable(`0x${address.toString(16)} is not in RAM`);
		return offset;
	}

	/** Physical address of pages that nothing uses. */
	pages(count = 1): number {
		const at = this.#used;
		this.#used += count * page;
		return at;
	}

	u64(physical: number, value: bigint): void {
		this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#offset(physical, 8));
	}

	put(physical: number, bytes: Uint8Array | string): void {
		Buffer.from(bytes).copy(this.#bytes, this.#offset(physical, bytes.length));
	}

	/** Maps a page of 4 KiB, 2 MiB (21) or 1 GiB (30) at a virtual address to a physical one. */
	map(virtual: bigint, physical: number, shift: 12 | 21 | 30 = 12): void {
		let table = this.root;
		for (let at = 3 + 9 * this.levels; at > shift; at -= 9) {
			const entry = table + Number((virtual >> BigInt(at)) & 0x1ffn) * 8;
			const next = this.#bytes.readBigUInt64LE(entry);
			if (next === 0n) this.u64(entry, BigInt(this.pages()) | 0x63n);
			table = Number(this.#bytes.readBigUInt64LE(entry) & 0xf_ffff_ffff_f000n);
		}
		const flags = 0x8000_0000_0000_0063n | (shift > 12 ? 0x80n : 0n);
		this.u64(table + Number((virtual >> BigInt(shift)) & 0x1ffn) * 8, BigInt(physical) | flags);
	}

	/** Virtual address of zeroed pages, mapped one by one. */
	allocate(count = 1): TestObject {
		const physical = this.pages(count);
		const virtual = 0xffff_8880_0000_0000n + BigInt(physical);
		for (let at = 0; at < count; at++) this.map(virtual + BigInt(at * page), physical + at * page);
		return { virtual, physical };
	}

	/** The layout of this kernel. */
	layout(tables: KernelLayout["tables"]): KernelLayout {
		this.put(0x100, "Linux version ");
		return { root: this.root, banner: 0x100, levels: this.levels, tables, fields: testFields };
	}
}

export interface TestObject {
	virtual: bigint;
	physical: number;
}

/** Offsets that no kernel has. */
export const testFields: Fields = {
	"idr.idr_rt.xa_head": { offset: 8, size: 8 },
	"idr.idr_base": { offset: 16, size: 4 },
	"xa_node.shift": { offset: 0, size: 1 },
	"xa_node.slots": { offset: 16, size: 512 },
	"bpf_prog.type": { offset: 4, size: 4 },
	"bpf_prog.len": { offset: 8, size: 4 },
	"bpf_prog.jited_len": { offset: 12, size: 4 },
	"bpf_prog.tag": { offset: 16, size: 8 },
	"bpf_prog.aux": { offset: 24, size: 8 },
	"bpf_prog.insnsi": { offset: 32, size: 0 },
	"bpf_prog_aux.refcnt.counter": { offset: 0, size: 8 },
	"bpf_prog_aux.id": { offset: 8, size: 4 },
	"bpf_prog_aux.name": { offset: 12, size: 16 },
	"bpf_map.map_type": { offset: 0, size: 4 },
	"bpf_map.id": { offset: 4, size: 4 },
	"bpf_map.name": { offset: 8, size: 16 },
	"bpf_map.refcnt.counter": { offset: 24, size: 8 },
	"bpf_link.refcnt.counter": { offset: 0, size: 8 },
	"bpf_link.id": { offset: 8, size: 4 },
	"bpf_link.type": { offset: 12, size: 4 },
	"bpf_link.prog": { offset: 16, size: 8 },
};
