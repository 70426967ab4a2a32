// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import { agentPath } from "../build.js";
import type { GuestClient } from "../client.js";
import type { Inventory } from "../operations.js";
import { compileBpf, compileCommand } from "./testobject.js";
import { apart, readText, Users } from "./testusers.js";

const machines = new Machines({ agent: agentPath });

describe.each(["5.10", "7.3"])("a user of the agent on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let before: Inventory;
	const users = new Users(() => client);

	beforeAll(async () => {
		const [data, command, kernel] = [
			await compileBpf("testdata/testtoken.bpf.c"),
			await compileCommand(),
			await openKernel(id),
		];
		guest = await machines.clone(kernel);
		client = guest.client;
		await client.call("file_write", { path: "/run/token.o", data });
		await client.call("file_write", { path: "/run/command", data: command, mode: 0o755 });
		expect((await client.call("module_load", { name: "veth" })).state).not.toBe("refused");
		before = await client.call("inventory", { settle: true });
	});

	afterEach(async () => {
		await users.endAll();
		expect(await client.call("inventory", { settle: true })).toEqual(before);
	});

	afterAll(() => guest.dispose());

	const statusOf = async (as: GuestClient) => {
		const lines = (await readText(as, "/proc/self/status")).trim().split("\n");
		return new Map(lines.map((line) => line.split(/:\s*/) as [string, string]));
	};

	it("has the requested identity, namespaces and capabilities", async () => {
		const plain = await statusOf((await users.start({ uid: 1000, gid: 1001, groups: [7, 2000] })).as);
		expect([plain.get("Uid"), plain.get("Gid"), plain.get("Groups")!.trim()]).toEqual([
			"1000\t1000\t1000\t1000",
			"1001\t1001\t1001\t1001",
			"7 2000",
		]);
		expect([plain.get("CapPrm"), plain.get("CapEff")]).toEqual(["0000000000000000", "0000000000000000"]);
		const { as } = await users.start({ ...apart, capabilities: ["CAP_BPF", "CAP_NET_ADMIN"] });
		const inside = await statusOf(as);
		expect(inside.get("Uid")).toBe("0\t0\t0\t0");
		for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
			expect(inside.get(set), set).toBe("0000008000001000");
		await expect(as.call("netdev_add", { kind: "veth", name: "own", peer: "peer" })).resolves.toHaveProperty(
			"ifindex",
		);
		const mount = as.call("mount", { source: "none", target: "/tmp/mine", fstype: "tmpfs" });
		await expect(mount).rejects.toMatchObject({ errnoName: "EPERM" });
		const forbidden = as.call("file_write", { path: "/run/forbidden", data: Buffer.from("x") });
		await expect(forbidden).rejects.toMatchObject({ errnoName: "EACCES" });
	});

	it("has the mapped ids in its namespace, and another user can join it", async () => {
		const map = [
			{ inside: 5, outside: 1000 },
			{ inside: 6, outside: 1100, count: 2 },
		];
		const { user, as } = await users.start({ ...apart, uid_map: map, gid_map: map });
		expect((await statusOf(as)).get("Uid")).toMatch(/^5\t/);
		const other = await users.start({ uid: 1101, gid: 1100, join: user });
		expect((await statusOf(other.as)).get("Uid")).toMatch(/^7\t/);
		await as.call("netdev_add", { kind: "veth", name: "shared", peer: "peer" });
		await as.call("mount", { source: "none", target: "/tmp", fstype: "tmpfs" });
		await as.call("file_write", { path: "/tmp/shared", data: Buffer.from("x") });
		for (const [path, content] of [
			["/proc/self/net/dev", "shared:"],
			["/tmp/shared", "x"],
		] as const) {
			expect(await readText(other.as, path)).toContain(content);
			const outside = await readText(client, path).catch(() => "nothing");
			expect(outside).not.toContain(content);
		}
	});

	it("runs commands with its own identity, for longer than its patience", async () => {
		const { as } = await users.start({ ...apart, capabilities: ["CAP_BPF"], patience_ms: 2000 });
		const { stdout } = await as.call("command_run", { argv: ["/run/command", "status"] });
		expect(Buffer.from(stdout).toString()).toMatch(/^CapEff:\t0000008000000000$/m);
		const slow = await as.call("command_run", { argv: ["/run/command", "sleep", "9"], timeout_ms: 2500 });
		expect(slow.timed_out).toBe(true);
	});

	it("receives file descriptors that it does not hold, and passes those that it holds", async () => {
		const { object } = await client.call("object_open", { path: "/run/token.o" });
		await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		const { user, as } = await users.start();
		const other = await users.start();
		const { handle } = await client.call("fd_pass", { handle: object, map: "runs", to: user });
		const second = await client.call("fd_pass", { handle, from: user, to: other.user });
		const third = await client.call("fd_pass", { handle: second.handle, from: other.user });
		const mapping = await client.call("map_mmap", { handle: third.handle, bytes: 4096 });
		expect(mapping.mapped).not.toBe(0);
		await client.call("close", third);
		await client.call("object_close", { object });
		expect((await client.call("inventory", {})).maps).toContainEqual(
			expect.objectContaining({ name: "runs" }),
		);
		for (const args of [
			{ handle: 4711, from: user },
			{ handle: 4711, to: user },
			{ handle, to: user },
			{ handle, to: 4711 },
		])
			await expect(client.call("fd_pass", args)).rejects.toMatchObject({ errnoName: "EBADF" });
		await as.call("close", { handle });
		await other.as.call("close", second);
		expect((await client.call("inventory", { settle: true })).maps).toEqual(before.maps);
	});

	it("holds none of the agent's handles", async () => {
		const { object } = await client.call("object_open", { path: "/run/token.o" });
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(loaded.errno, loaded.log).toBe(0);
		await client.call("object_snapshot", { object });
		const { as } = await users.start();
		const foreign = as.call("object_snapshot", { object });
		await expect(foreign).rejects.toMatchObject({ errnoName: "EBADF" });
		await client.call("object_close", { object });
		const { maps, programs } = await client.call("inventory", { settle: true });
		expect({ maps, programs }).toEqual({ maps: before.maps, programs: before.programs });
	});

	it("is refused with the step that failed", async () => {
		await expect(users.start({ ...apart, join: 4711 })).rejects.toMatchObject({ errnoName: "EBADF" });
		const unknown = users.start({ ...apart, capabilities: ["CAP_NONSENSE"] });
		await expect(unknown).rejects.toMatchObject({ errnoName: "EINVAL" });
		const path = "/proc/sys/user/max_user_namespaces";
		const allowed = await readText(client, path);
		await client.call("file_write", { path, data: Buffer.from("0") });
		const refused = users.start();
		await expect(refused).rejects.toMatchObject({ errnoName: "ENOSPC", what: "create a user namespace" });
		await client.call("file_write", { path, data: Buffer.from(allowed) });
		const twice = users.start({
			...apart,
			uid_map: [
				{ inside: 0, outside: 1 },
				{ inside: 0, outside: 2 },
			],
		});
		await expect(twice).rejects.toMatchObject({ errnoName: "EINVAL" });
	});

	it("may crash, hang, be stopped or be killed without ending the agent", async () => {
		const ended = (how: string, errno = "EOWNERDEAD") => ({
			code: "user-lost",
			message: expect.stringMatching(`user \\d+ ${how}.*: ${errno}$`),
		});
		const crashing = await users.start();
		const crashed = ended("ended in misbehave with signal 11");
		await expect(crashing.as.call("misbehave", { how: "crash" })).rejects.toMatchObject(crashed);
		await expect(crashing.as.call("ping", {})).rejects.toMatchObject(crashed);
		const hanging = await users.start({ ...apart, patience_ms: 300 });
		const hung = hanging.as.call("misbehave", { how: "hang" });
		await expect(hung).rejects.toMatchObject(ended("hung in misbehave", "ETIMEDOUT"));
		await expect(hanging.as.call("ping", {})).rejects.toMatchObject(ended("hung in misbehave"));
		const stopping = await users.start();
		const stopped = ended("was stopped in misbehave and was killed");
		await expect(stopping.as.call("misbehave", { how: "stop" })).rejects.toMatchObject(stopped);
		const babbling = await users.start();
		const babble = babbling.as.call("misbehave", { how: "rubbish" });
		await expect(babble).rejects.toMatchObject(ended("sent an invalid answer", "EPROTO"));
		const killed = await users.start();
		const kill = await client.call("command_run", { argv: ["/run/command", "kill", `${killed.pid}`] });
		expect(kill.status).toBe(0);
		const gone = ended("ended (before ping|in ping with signal 9)");
		await expect(killed.as.call("ping", {})).rejects.toMatchObject(gone);
		await expect(client.as(4711).call("ping", {})).rejects.toMatchObject({ errnoName: "EBADF" });
		await client.call("ping", {});
	});
});
