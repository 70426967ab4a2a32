// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, expect, it } from "vitest";
import { agentPath } from "../machine/guest/build.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { openKernel } from "../machine/kernel/store.js";
import { Machines } from "../machine/vm/machine.js";
import { GuestPool } from "../machine/vm/pool.js";
import { CellWorkbench } from "./workbench.js";

let pool: GuestPool;
let bench: CellWorkbench;
beforeAll(async () => {
	const machines = new Machines({ agent: agentPath });
	pool = new GuestPool({ jobs: 1, fresh: (kernel) => machines.clone(kernel) });
	bench = new CellWorkbench(await openKernel("6.12"), {
		guests: pool,
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
	});
});
afterAll(() => pool.close());

it("keeps the guest when nothing was left over", async () => {
	const guest = await bench.guest();
	await guest.client.call("module_load", { name: "veth" });
	const { ifindex } = await guest.client.call("netdev_add", { kind: "veth", name: "v0", peer: "v1" });
	expect(ifindex).toBeGreaterThan(1);
	await guest.client.call("netdev_del", { name: "v0" });
	expect(await bench.leftovers()).toEqual([]);
	expect(await bench.guest()).toBe(guest);
});

it("does not take one boot for another: their keyrings have other ids", async () => {
	const machines = new Machines({ agent: agentPath });
	const lent = {
		guests: { expect: () => {}, acquire: (kernel: Kernel) => machines.boot(kernel) },
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
	};
	for (let turn = 0; turn < 2; turn++) {
		const booted = new CellWorkbench(await openKernel("6.12"), lent);
		await booted.guest();
		expect(await booted.leftovers()).toEqual([]);
		await booted.retire();
	}
});

it("names what was left over, and gives a guest that has none of it", async () => {
	const guest = await bench.guest();
	await guest.client.call("netdev_add", { kind: "veth", name: "left0", peer: "left1" });
	await guest.client.call("cgroup_add", { name: "left" });
	await guest.client.call("mount", { source: "tmpfs", target: "/tmp", fstype: "tmpfs" });
	await guest.client.call("file_write", { path: "/run/x.o", data: new Uint8Array(4) });
	const left = await bench.leftovers();
	expect(left.map((name) => name.replace(/ .*(left)/, " $1"))).toEqual(
		expect.arrayContaining(["netdev: left0", "cgroup: left"]),
	);
	expect(left.some((name) => name.startsWith("mount: "))).toBe(true);
	const next = await bench.guest();
	expect(next).not.toBe(guest);
	expect(await bench.leftovers()).toEqual([]);
});
