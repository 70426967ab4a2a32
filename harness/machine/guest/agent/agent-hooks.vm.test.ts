// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import { agentPath } from "../build.js";
import type { GuestClient } from "../client.js";
import { compileBpf } from "./testobject.js";

const source = join(import.meta.dirname, "../../../checks/load/testdata/made-hooks.bpf.c");
/** 198.51.100.1 as /proc/net/route writes it on a little-endian machine. */
const destination = "016433C6";

describe.each(["5.10", "7.3"])("hooks that the agent makes on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let at: { object: number; ifindex: number; netns: number };

	beforeAll(async () => {
		guest = await new Machines({ agent: agentPath }).clone(await openKernel(id));
		client = guest.client;
		for (const name of ["veth", "act_bpf"]) await client.call("module_load", { name });
		await client.call("file_write", { path: "/run/made.o", data: await compileBpf(source) });
		const { object } = await client.call("object_open", { path: "/run/made.o" });
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(loaded.errno, loaded.log).toBe(0);
		const { netns } = await client.call("netns_add", {});
		const names = { kind: "veth", name: "a", peer: "b", up: true } as const;
		const { ifindex } = await client.call("netdev_add", { ...names, netns });
		at = { object, ifindex, netns };
	});
	afterAll(() => guest.dispose());

	const routes = async () => {
		const { data } = await client.call("file_read", { path: "/proc/thread-self/net/route", netns: at.netns });
		return Buffer.from(data).toString();
	};

	it("keeps a route in its namespace until the program is detached", async () => {
		expect(await routes()).not.toContain(destination);
		const { link } = await client.call("attach", { ...at, program: "on_lwt_out", hook: "route" });
		expect(await routes()).toContain(destination);
		const again = client.call("attach", { ...at, program: "on_lwt_xmit", hook: "route" });
		await expect(again).rejects.toMatchObject({ errnoName: "EEXIST" });
		await client.call("detach", { link });
		expect(await routes()).not.toContain(destination);
	});

	it.each([
		["on_socket", "socket", "on_message"],
		["on_reuseport", "reuseport", "on_message"],
		["on_message", "sockmap", "on_socket"],
		["on_devmap", "devmap", "on_cpumap"],
		["on_cpumap", "cpumap", "on_devmap"],
		["on_perf_event", "perf_event", "on_socket"],
		["on_lwt_in", "route", "on_socket"],
		["on_action", "action", "on_socket"],
	])("attaches %s to %s, and not %s", async (program, hook, other) => {
		const { link } = await client.call("attach", { ...at, program, hook });
		await client.call("detach", { link });
		// A cpumap says ENOMEM for every entry that it refuses (5.10).
		await expect(client.call("attach", { ...at, program: other, hook })).rejects.toMatchObject({
			errnoName: expect.stringMatching(/EINVAL|EPERM|EOPNOTSUPP|ENOMEM/),
		});
	});
});
