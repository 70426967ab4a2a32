// SPDX-License-Identifier: Apache-2.0
import { afterAll, describe, expect, it } from "vitest";
import { agentPath } from "../guest/build.js";
import { openKernel } from "../kernel/store.js";
import type { Guest } from "./guest.js";
import { Machines } from "./machine.js";

describe.each(["5.10", "7.3"])("the console of %s", (id) => {
	const machines = new Machines({ agent: agentPath });
	const guests: Guest[] = [];
	afterAll(() => Promise.all(guests.map((guest) => guest.dispose())));

	const clone = async () => {
		const guest = await machines.clone(await openKernel(id));
		guests.push(guest);
		return guest;
	};

	it("is silent only when it was made so", async () => {
		const guest = await clone();
		expect(await guest.splats()).toEqual([]);
		const write = (path: string, text: string) =>
			guest.client.call("file_write", { path, data: new TextEncoder().encode(text) });
		await write("/proc/sys/kernel/printk", "1 4 1 7\n");
		expect(await guest.splats(), "the level alone changes nothing").toEqual([]);
		await write("/dev/kmsg", "<2>BUG: what the level would hide\n");
		expect((await guest.splats()).map(({ kind }) => kind)).toEqual(["bug"]);
		await write("/sys/module/printk/parameters/ignore_loglevel", "N");
		expect((await guest.splats()).map(({ kind }) => kind)).toEqual(["bug", "silent"]);
	});
});
