// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { systemReason } from "../../../base/errors.js";
import { undecided } from "../../../data/reasons/registry/registry.js";

/** Memory of a guest by physical address. */
export interface PhysicalMemory {
	/** Where RAM is. */
	readonly ranges: readonly RamRange[];
	/** @throws Unreadable when some of it is no RAM */
	read(address: number, length: number): Buffer;
}

/**
 * What was found in a guest's memory is not what a kernel keeps there. The guest can write its
 * memory: everything read from it may be chosen to harm its reader.
 */
export class Unreadable extends Error {
	override name = "Unreadable";
}

/** RAM without a hole: physical address, offset in all of RAM, bytes. */
export interface RamRange {
	address: number;
	offset: number;
	size: number;
}

const GiB = 2 ** 30;

/**
 * The RAM of QEMU's machine `pc`, which has a hole below 4 GiB (QEMU: pc_init1(),
 * hw/i386/pc_piix.c).
 */
export function ramRanges(size: number): RamRange[] {
	const low = size >= 3.5 * GiB ? 3 * GiB : size;
	const ranges = [{ address: 0, offset: 0, size: low }];
	return size > low ? [...ranges, { address: 4 * GiB, offset: low, size: size - low }] : ranges;
}

/** Offset in RAM of a physical address; undefined when there is no RAM for all of the bytes. */
export function ramOffset(ranges: readonly RamRange[], address: number, length: number): number | undefined {
	const range = ranges.find(
		(each) => address >= each.address && address + length <= each.address + each.size,
	);
	return range && range.offset + address - range.address;
}

/**
 * The RAM of a running QEMU, read through /proc/<pid>/mem. A parent may read its child, also with
 * the Yama LSM at its default (kernel.yama.ptrace_scope 1).
 */
export class QemuMemory implements PhysicalMemory {
	readonly #file: number;
	readonly #start: number;
	readonly ranges: readonly RamRange[];

	/**
	 * @param pid of QEMU, a child of this process
	 * @param size bytes of the guest's RAM
	 * @throws UndecidedError `host-view-refused` when this host does not let us read it
	 */
	constructor(pid: number, size: number) {
		this.ranges = ramRanges(size);
		try {
			this.#start = ramStart(readFileSync(`/proc/${pid}/maps`, "utf8"), size);
			this.#file = openSync(`/proc/${pid}/mem`, "r");
		} catch (cause) {
			throw undecided("host-view-refused", { why: systemReason(cause) }, { cause });
		}
	}

	read(address: number, length: number): Buffer {
		const offset = ramOffset(this.ranges, address, length);
		if (offset === undefined) throw new Unreadable(`0x${address.toString(16)} is not in RAM`);
		const bytes = Buffer.alloc(length);
		for (let got = 0; got < length; ) {
			const more = readSync(this.#file, bytes, got, length - got, this.#start + offset + got);
			if (more === 0) throw new Unreadable(`QEMU's memory ends at 0x${address.toString(16)}`);
			got += more;
		}
		return bytes;
	}

	close(): void {
		closeSync(this.#file);
	}
}

/**
 * Where RAM lies in QEMU: its only mapping of that size that is written and not executed.
 * @param maps proc_pid_maps(5)
 */
export function ramStart(maps: string, size: number): number {
	const starts = [...maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-[ps] /gm)]
		.map(([, from = "", to = ""]) => [Number.parseInt(from, 16), Number.parseInt(to, 16)] as const)
		.filter(([from, to]) => to - from === size)
		.map(([from]) => from);
	if (starts.length === 1) return starts[0]!;
	throw new Error(`QEMU has ${starts.length} mappings of ${size} bytes, not 1`);
}
