// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it, vi } from "vitest";
import { UndecidedError } from "../../base/errors.js";
import type { Kernel } from "../kernel/kernel.js";
import type { Guest } from "./guest.js";
import { GuestPool } from "./pool.js";

const kernel = (id: string) => ({ id }) as Kernel;
const old = kernel("5.10");
const recent = kernel("7.3");

let running: Set<string>;
let most: number;
let made: string[];
let failure: UndecidedError | undefined;

beforeEach(() => {
	running = new Set();
	most = 0;
	made = [];
	failure = undefined;
});

async function fresh(kernel: Kernel): Promise<Guest> {
	const name = `${kernel.id}#${made.length}`;
	made.push(name);
	running.add(name);
	most = Math.max(most, running.size);
	await new Promise((done) => setImmediate(done));
	if (failure) {
		running.delete(name);
		throw failure;
	}
	const client = { failure: undefined };
	return {
		kernel,
		client,
		origin: "clone",
		dispose: async () => void running.delete(name),
	} as unknown as Guest;
}

/** More turns of the event loop than anything here takes: no test waits for the clock. */
async function settled(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

describe("guest pool", () => {
	it("keeps at most `jobs` guests in use, and serves in order of arrival", async () => {
		const pool = new GuestPool({ jobs: 2, fresh, freeMiB: async () => 9999 });
		const order: number[] = [];
		await Promise.all(
			[0, 1, 2, 3, 4, 5].map(async (n) => {
				const guest = await pool.acquire(recent);
				order.push(n);
				await settled();
				await guest.dispose();
			}),
		);
		expect(order).toEqual([0, 1, 2, 3, 4, 5]);
		expect(most).toBe(2);
		expect(running.size).toBe(0);
	});

	it("prepares announced guests while others work, and makes no more than announced", async () => {
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => 9999 });
		pool.expect(old);
		pool.expect(recent, 2);
		const first = await pool.acquire(old);
		await settled();
		expect(made).toEqual(["5.10#0", "7.3#1"]);
		const second = pool.acquire(recent);
		await first.dispose();
		await (await second).dispose();
		await (await pool.acquire(recent)).dispose();
		await settled();
		expect(made).toEqual(["5.10#0", "7.3#1", "7.3#2"]);
		expect(running.size).toBe(0);
	});

	it("gives a fresh guest when the prepared one failed or died", async () => {
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => 9999 });
		failure = new UndecidedError("guest-died", "", "");
		pool.expect(recent);
		await settled();
		failure = undefined;
		expect((await pool.acquire(recent)).kernel).toBe(recent);
		expect(made).toHaveLength(2);
		await pool.close();
	});

	it("rejects the request when no guest comes up, and goes on with the next", async () => {
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => 9999 });
		failure = new UndecidedError("guest-died", "", "");
		await expect(pool.acquire(recent)).rejects.toBe(failure);
		failure = undefined;
		await (await pool.acquire(recent)).dispose();
	});

	it("counts a guest once even if it is disposed of twice", async () => {
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => 9999 });
		const guest = await pool.acquire(recent);
		await guest.dispose();
		await guest.dispose();
		const second = await pool.acquire(recent);
		const third = vi.fn();
		pool.acquire(recent).then(third, () => {});
		await settled();
		expect(third).not.toHaveBeenCalled();
		await second.dispose();
		await settled();
		expect(third).toHaveBeenCalled();
		await pool.close();
	});

	it("limits guests by the host's memory: no spare, then no second, then an error", async () => {
		let free = 0;
		const pool = new GuestPool({ jobs: 2, fresh, freeMiB: async () => free, memoryPatience: 0 });
		await expect(pool.acquire(recent)).rejects.toMatchObject({ code: "host-memory" });
		free = 9999;
		const first = await pool.acquire(recent);
		free = 0;
		pool.expect(old);
		const second = pool.acquire(old);
		await settled();
		expect(made).toHaveLength(1);
		free = 9999;
		await first.dispose();
		await (await second).dispose();
	});

	it("counts what large guests may yet touch, and gives each the memory that it needs", async () => {
		const large: Kernel = { ...recent, guest: { memory: 1024 } };
		const pool = new GuestPool({
			jobs: 3,
			spare: 0,
			fresh,
			freeMiB: async () => 1300,
			memoryPatience: 0,
		});
		const first = await pool.acquire(large);
		// 1300 MiB are free, but the first guest has touched next to nothing of its 1024.
		const second = vi.fn();
		const asked = pool.acquire(large).then(second);
		await settled();
		expect(second).not.toHaveBeenCalled();
		await first.dispose();
		await asked;
		expect(second).toHaveBeenCalled();
		await pool.close();
	});

	it("does not give a small guest where a large one is needed", async () => {
		const large: Kernel = { ...recent, guest: { memory: 1024 } };
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => 9999 });
		pool.expect(recent);
		await settled();
		expect((await pool.acquire(large)).kernel).toBe(large);
		await pool.close();
	});

	it("waits a while for memory of other processes, but not when it is closed", async () => {
		let looked = 0;
		const pool = new GuestPool({ jobs: 1, spare: 0, fresh, freeMiB: async () => (++looked > 2 ? 9999 : 0) });
		await (await pool.acquire(recent)).dispose();
		expect(looked).toBe(3);
		looked = -Infinity;
		const refused = expect(pool.acquire(recent)).rejects.toMatchObject({ code: "interrupted" });
		await settled();
		await pool.close();
		await refused;
		expect(made).toHaveLength(1);
	});

	it("ends an unused spare guest when memory is short", async () => {
		let free = 9999;
		const pool = new GuestPool({ jobs: 1, fresh, freeMiB: async () => (running.size > 0 ? free : 9999) });
		pool.expect(old);
		await settled();
		free = 0;
		expect((await pool.acquire(recent)).kernel).toBe(recent);
		expect([...running]).toEqual(["7.3#1"]);
		await pool.close();
	});

	it("ends everything when closed", async () => {
		const pool = new GuestPool({ jobs: 1, spare: 3, fresh, freeMiB: async () => 9999 });
		pool.expect(recent, 10);
		await pool.acquire(recent);
		const refused = expect(pool.acquire(old)).rejects.toMatchObject({ code: "interrupted" });
		await settled();
		expect(running.size).toBe(4);
		await pool.close();
		await refused;
		await settled();
		expect(running.size).toBe(0);
		await expect(pool.acquire(old)).rejects.toMatchObject({ code: "interrupted" });
	});
});
