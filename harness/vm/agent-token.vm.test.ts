// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agentPath } from "../guest/build.js";
import type { GuestClient } from "../guest/client.js";
import type { Inventory } from "../guest/operations.js";
import { mountToken } from "../guest/token-mount.js";
import { openKernel } from "../kernel/store.js";
import type { Guest } from "./guest.js";
import { Machines } from "./machine.js";

const machines = new Machines({ agent: agentPath });
const everything = {
	delegate_cmds: "any",
	delegate_maps: "any",
	delegate_progs: "any",
	delegate_attachs: "any",
};
const unshare: ("user" | "mnt" | "net")[] = ["user", "mnt", "net"];

describe.each(["6.12", "7.3"])("users and tokens on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let before: Inventory;

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
		before = await client.call("inventory", { settle: true });
	});

	afterAll(() => guest.dispose());

	it("makes a token of a mount at a path or passed by its descriptor, and of nothing but its root", async () => {
		const { user } = await client.call("user_start", { uid: 1000, gid: 1000, unshare });
		const as = client.as(user);
		await mountToken(client, { user, options: everything, path: "/sys/fs/bpf" });
		expect(await as.call("token_create", { path: "/sys/fs/bpf" })).toHaveProperty("handle");
		const handle = await mountToken(client, { user, options: everything });
		expect(await as.call("token_create", { handle })).toHaveProperty("handle");
		const inside = as.call("token_create", { handle, folder: "inside" });
		await expect(inside).rejects.toMatchObject({ errnoName: "EINVAL", what: "create the token" });
		const first = client.call("token_create", { path: "/sys/fs/bpf" });
		await expect(first).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
		await client.call("close", { handle: user });
		expect(await client.call("inventory", { settle: true })).toEqual(before);
	});

	it("goes on without a user that crashes or hangs, and says how it ended", async () => {
		const crashing = await client.call("user_start", { uid: 1000, gid: 1000 });
		const crash = client.as(crashing.user).call("misbehave", { how: "crash" });
		const crashed = {
			errnoName: "EOWNERDEAD",
			what: expect.stringContaining("ended in misbehave with signal 11"),
		};
		await expect(crash).rejects.toMatchObject(crashed);
		await expect(client.as(crashing.user).call("ping", {})).rejects.toMatchObject(crashed);
		const hanging = await client.call("user_start", { uid: 1000, gid: 1000, patience_ms: 300 });
		const hang = client.as(hanging.user).call("misbehave", { how: "hang" });
		await expect(hang).rejects.toMatchObject({
			errnoName: "ETIMEDOUT",
			what: expect.stringContaining("hung in misbehave"),
		});
		for (const { user } of [crashing, hanging]) await client.call("close", { handle: user });
		expect(await client.call("inventory", { settle: true })).toEqual(before);
	});
});
