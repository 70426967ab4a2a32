// SPDX-License-Identifier: Apache-2.0
import { type PhysicalMemory, Unreadable } from "./guest-memory.js";

const pageSize = 4096;
/** Bits 12 to 51 of an entry of a page table. */
const frameMask = 0x000f_ffff_ffff_f000n;
const present = 1n;
/** PS: the entry of an upper table maps a page of 2 MiB or 1 GiB. */
const large = 0x80n;
/** Pages that one look at a guest may need, 64 MiB, and bytes of a single object. */
const maxPages = 16_384;
const maxBytes = 2 ** 24;

/** Levels of page tables: 5 where the kernel uses LA57. */
export type Levels = 4 | 5;

/** Virtual addresses by the page tables (Intel SDM volume 3, 4.5); keeps what it read. */
export class AddressSpace {
	readonly #pages = new Map<number, Buffer>();
	readonly #frames = new Map<bigint, number>();

	/** @param root physical address of the top table: init_top_pgt */
	constructor(
		readonly memory: PhysicalMemory,
		readonly root: number,
		readonly levels: Levels,
	) {}

	/** @throws Unreadable when it is not mapped to RAM */
	physical(address: bigint): number {
		const page = address >> 12n;
		let frame = this.#frames.get(page);
		if (frame === undefined) {
			if (this.#frames.size >= maxPages) throw new Unreadable(`it takes more than ${maxPages} pages`);
			frame = this.#walk(address);
			this.#frames.set(page, frame);
		}
		return frame + Number(address & 0xfffn);
	}

	bytes(address: bigint, length: number): Buffer {
		if (length > maxBytes) throw new Unreadable(`it takes more than ${maxBytes} bytes`);
		const parts: Buffer[] = [];
		for (let at = address, left = length; left > 0; ) {
			const physical = this.physical(at);
			const inPage = physical % pageSize;
			const part = this.#page(physical - inPage).subarray(inPage, inPage + left);
			parts.push(part);
			at += BigInt(part.length);
			left -= part.length;
		}
		return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
	}

	u64(address: bigint): bigint {
		return this.bytes(address, 8).readBigUInt64LE();
	}

	/** Physical address of the page of 4 KiB. */
	#walk(address: bigint): number {
		const top = 12 + 9 * this.levels;
		if (address < 0n || BigInt.asUintN(64, BigInt.asIntN(top, address)) !== address)
			throw new Unreadable(`0x${address.toString(16)} does not fit into ${top} bits`);
		let table = this.root;
		for (let shift = top - 9; ; shift -= 9) {
			const index = Number((address >> BigInt(shift)) & 0x1ffn);
			const entry = this.#page(table).readBigUInt64LE(index * 8);
			if ((entry & present) === 0n) throw new Unreadable(`0x${address.toString(16)} is not mapped`);
			const frame = Number(entry & frameMask);
			if (shift === 12) return frame;
			if (shift <= 30 && (entry & large) !== 0n) {
				const within = 2 ** shift;
				return frame - (frame % within) + (Number(BigInt.asUintN(shift, address)) & -pageSize);
			}
			table = frame;
		}
	}

	#page(address: number): Buffer {
		let page = this.#pages.get(address);
		if (!page) {
			if (this.#pages.size >= maxPages) throw new Unreadable(`it takes more than ${maxPages} pages`);
			page = this.memory.read(address, pageSize);
			this.#pages.set(address, page);
		}
		return page;
	}
}
