// SPDX-License-Identifier: Apache-2.0

import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { UndecidedError } from "../../base/errors.js";
import { undecided } from "../../data/reasons/registry/registry.js";
import { alike, defaultMemoryMiB, type Kernel, memoryOf } from "../kernel/kernel.js";
import type { Guest } from "./guest.js";

/** MiB that a guest may need on the host besides its RAM: QEMU with its translated code. */
const qemuMiB = 192;
/** Milliseconds between two checks for free memory. */
const lookMs = 200;

export interface PoolOptions {
	/** Guests in use at the same time, at least 1. */
	jobs: number;
	/** Clones prepared ahead of demand. Default 1. */
	spare?: number;
	/** Makes a fresh guest: `Machines.clone`. */
	fresh: (kernel: Kernel) => Promise<Guest>;
	/** Free memory of the host in MiB; default MemAvailable of /proc/meminfo. */
	freeMiB?: () => Promise<number>;
	/** Milliseconds to wait for memory for one guest, which another run holds. Default: 60,000. */
	memoryPatience?: number;
}

interface Waiting {
	kernel: Kernel;
	resolve(guest: Guest): void;
	reject(error: Error): void;
}

interface Prepared {
	kernel: Kernel;
	guest: Promise<Guest>;
}

/**
 * At most `jobs` guests in use; `expect` announces the next ones, which are prepared meanwhile;
 * `dispose` frees a guest's place. Every guest is used once.
 */
export class GuestPool {
	private readonly waiting: Waiting[] = [];
	private readonly expected: Kernel[] = [];
	private readonly prepared: Prepared[] = [];
	private readonly inUse = new Set<Guest>();
	/** Of guests that are coming up for a caller and take places already. */
	private readonly starting: Kernel[] = [];
	private pumping: Promise<void> = Promise.resolve();
	private closed = false;

	constructor(private readonly options: PoolOptions) {}

	/** Announces `count` more guests of this kernel, after those announced before. */
	expect(kernel: Kernel, count = 1): void {
		for (let n = 0; n < count; n++) this.expected.push(kernel);
		this.pump();
	}

	/** Withdraws announcements of this kernel. */
	forget(kernel: Kernel): void {
		for (let at = this.expected.length - 1; at >= 0; at--)
			if (alike(this.expected[at]!, kernel)) this.expected.splice(at, 1);
	}

	/** A fresh guest when a place is free, in order. @throws UndecidedError `host-memory` too */
	acquire(kernel: Kernel): Promise<Guest> {
		if (this.closed) return Promise.reject(closed());
		return new Promise((resolve, reject) => {
			this.waiting.push({ kernel, resolve, reject });
			this.pump();
		});
	}

	/** Ends every guest, in use or prepared, and rejects pending requests. */
	async close(): Promise<void> {
		this.closed = true;
		this.expected.length = 0;
		for (const waiting of this.waiting.splice(0)) waiting.reject(closed());
		const prepared = this.prepared.splice(0).map((one) =>
			one.guest.then(
				(guest) => guest.dispose(),
				() => {},
			),
		);
		await Promise.all([...prepared, ...[...this.inUse].map((guest) => guest.dispose())]);
		await this.pumping;
	}

	/** One step after the other, so that memory is checked before each start of a guest. */
	private pump(): void {
		this.pumping = this.pumping.then(() => this.step());
	}

	private async step(): Promise<void> {
		while (this.waiting.length > 0 && this.inUse.size + this.starting.length < this.options.jobs) {
			const next = this.waiting[0]!;
			const ready = this.prepared.findIndex((one) => alike(one.kernel, next.kernel));
			if (ready < 0 && !(await this.room(next.kernel))) {
				if (this.inUse.size + this.starting.length > 0) return; // The next disposed guest makes room.
				if (!(await this.roomInTime(next.kernel))) {
					this.waiting.shift()?.reject(noMemory(next.kernel));
					continue;
				}
			}
			if (this.waiting[0] !== next) continue; // Closed while memory was checked.
			this.waiting.shift();
			this.starting.push(next.kernel);
			this.give(next, ready < 0 ? undefined : this.prepared.splice(ready, 1)[0]);
		}
		const spare = this.options.spare ?? 1;
		while (!this.closed && this.expected.length > 0 && this.prepared.length < spare) {
			const [kernel] = this.expected;
			if (!kernel || !(await this.room(kernel)) || this.expected[0] !== kernel) return;
			this.expected.shift();
			const guest = this.options.fresh(kernel);
			guest.catch(() => {}); // `usable` makes another one then.
			this.prepared.push({ kernel, guest });
		}
	}

	private async give(waiting: Waiting, prepared: Prepared | undefined): Promise<void> {
		if (!prepared) this.unexpect(waiting.kernel);
		try {
			const guest = await this.usable(waiting.kernel, prepared);
			if (this.closed) {
				await guest.dispose();
				throw closed();
			}
			waiting.resolve(this.lend(guest));
		} catch (error) {
			waiting.reject(error as Error);
		} finally {
			this.starting.splice(this.starting.indexOf(waiting.kernel), 1);
			this.pump();
		}
	}

	/** A prepared guest may have failed, or died before its use: then another is made. */
	private async usable(kernel: Kernel, prepared: Prepared | undefined): Promise<Guest> {
		const guest = await prepared?.guest.catch(() => undefined);
		if (guest && !guest.client.failure) return guest;
		await guest?.dispose();
		return this.options.fresh(kernel);
	}

	private lend(guest: Guest): Guest {
		const dispose = async () => {
			await guest.dispose();
			if (this.inUse.delete(lent)) this.pump();
		};
		const lent: Guest = { ...guest, dispose };
		this.inUse.add(lent);
		return lent;
	}

	private unexpect(kernel: Kernel): void {
		const at = this.expected.findIndex((one) => alike(one, kernel));
		if (at >= 0) this.expected.splice(at, 1);
	}

	/** MiB that large guests got and may not have touched yet: the host counts them as free. */
	private untouched(): number {
		const live = [...this.inUse].map(({ kernel }) => kernel);
		const coming = [...this.prepared.map(({ kernel }) => kernel), ...this.starting];
		return [...live, ...coming].reduce((sum, kernel) => sum + memoryOf(kernel) - defaultMemoryMiB, 0);
	}

	private async roomInTime(kernel: Kernel): Promise<boolean> {
		const until = performance.now() + (this.options.memoryPatience ?? 60_000);
		while (!this.closed && performance.now() < until) {
			await sleep(lookMs);
			if (await this.room(kernel)) return true;
		}
		return false;
	}

	/** True when memory allows one more guest; may end a prepared guest that nothing waits for. */
	private async room(kernel: Kernel): Promise<boolean> {
		const enough = async () => {
			const free = await (this.options.freeMiB ?? availableMiB)();
			return free >= memoryOf(kernel) + qemuMiB + this.untouched();
		};
		if (await enough()) return true;
		const unwanted = this.prepared.findIndex(
			(one) => !this.waiting.some((waiting) => alike(waiting.kernel, one.kernel)),
		);
		if (unwanted < 0 || this.waiting.length === 0) return false;
		const [one] = this.prepared.splice(unwanted, 1);
		await one?.guest.then(
			(guest) => guest.dispose(),
			() => {},
		);
		return enough();
	}
}

function closed(): UndecidedError {
	return undecided("interrupted");
}

function noMemory(kernel: Kernel): UndecidedError {
	return undecided("host-memory", { mib: memoryOf(kernel) + qemuMiB });
}

/** The kernel's estimate of memory available without swapping, proc(5). */
async function availableMiB(): Promise<number> {
	const found = /^MemAvailable:\s+(\d+) kB$/m.exec(await readFile("/proc/meminfo", "utf8"));
	return Number(found?.[1] ?? 0) / 1024;
}
