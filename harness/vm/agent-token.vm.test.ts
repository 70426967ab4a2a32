// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { agentPath } from "../guest/build.js";
import type { GuestClient } from "../guest/client.js";
import type { Args, Inventory, Result } from "../guest/operations.js";
import { mountToken } from "../guest/token-mount.js";
import { openKernel } from "../kernel/store.js";
import type { Guest } from "./guest.js";
import { Machines } from "./machine.js";
import { compileBpf, compileCommand } from "./testobject.js";

const machines = new Machines({ agent: agentPath });
const bpffs = "/sys/fs/bpf";
/** Numbers of include/uapi/linux/bpf.h. */
const [BPF_MAP_CREATE, BPF_TOKEN_CREATE, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY] = [0, 36, 1, 2];
const [BPF_F_TOKEN_FD, EPERM, EBADF] = [1 << 16, 1, 9];
/** Of a user in namespaces of its own, whom nobody outside knows. */
const apart: Args<"user_start"> = { uid: 1000, gid: 1000, unshare: ["user", "mnt", "net"] };
/** What libbpf needs to see that it can load at all, and programs that look on. Without an attach type that is 0. */
const tracing = {
	delegate_cmds: "map_create:prog_load:btf_load",
	delegate_maps: "array",
	delegate_progs: "kprobe:raw_tracepoint:socket_filter",
	delegate_attachs: "0x1",
};

describe.each([
	["5.10", false],
	["6.12", true],
	["7.3", true],
])("users and tokens on %s", (id, tokens) => {
	let guest: Guest;
	let client: GuestClient;
	let before: Inventory;
	const started: number[] = [];

	beforeAll(async () => {
		const [data, kernel] = [await compileBpf("testtoken.bpf.c"), await openKernel(id)];
		guest = await machines.clone(kernel);
		client = guest.client;
		await client.call("file_write", { path: "/run/token.o", data });
		expect((await client.call("module_load", { name: "veth" })).state).not.toBe("refused");
		before = await client.call("inventory", { settle: true });
		const attr = new Int32Array([0, -1]);
		const { errno } = await client.call("bpf", { cmd: BPF_TOKEN_CREATE, attr: new Uint8Array(attr.buffer) });
		// A kernel that knows the command complains of the file descriptor.
		expect(errno === EBADF).toBe(tokens);
	});

	afterEach(async () => {
		for (const handle of started.splice(0)) await client.call("close", { handle });
		const { processes, mounts, netdevs } = await client.call("inventory", {});
		expect({ processes, mounts, netdevs }).toEqual({
			processes: before.processes,
			mounts: before.mounts,
			netdevs: before.netdevs,
		});
	});

	afterAll(async () => {
		expect(await client.call("inventory", { settle: true })).toEqual(before);
		await guest.dispose();
	});

	async function start(args: Args<"user_start"> = apart) {
		const { user, pid } = await client.call("user_start", args);
		started.push(user);
		return { user, pid, as: client.as(user) };
	}

	async function end(user: number): Promise<void> {
		started.splice(started.indexOf(user), 1);
		await client.call("close", { handle: user });
	}

	/** One program of the object: errno of the object, and of the program if it got so far. */
	async function load(as: GuestClient, program: string, token_path?: string) {
		const names = ["on_kprobe", "on_raw_tracepoint", "filter"];
		const { object } = await as.call("object_open", {
			path: "/run/token.o",
			programs: names.map((name) => ({ name, autoload: name === program })),
			...(token_path === undefined ? {} : { token_path }),
		});
		const { errno, programs, log } = await as.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		await as.call("object_close", { object });
		const { attempted, errno: own } = programs.find(({ name }) => name === program)!;
		return { errno, ...(attempted ? { program: own } : {}), log };
	}

	/** BPF_MAP_CREATE with a token of this user's. */
	function createMap(as: GuestClient, type: number, token?: number): Promise<Result<"bpf">> {
		const attr = new Int32Array(80 / 4);
		attr.set([type, 4, 8, 1, token === undefined ? 0 : BPF_F_TOKEN_FD]);
		return as.call("bpf", {
			cmd: BPF_MAP_CREATE,
			attr: new Uint8Array(attr.buffer),
			// map_token_fd
			...(token === undefined ? {} : { handles: [{ offset: 76, handle: token }] }),
		});
	}

	async function read(as: GuestClient, path: string): Promise<string> {
		return Buffer.from((await as.call("file_read", { path })).data).toString();
	}

	const statusOf = async (as: GuestClient) => {
		const lines = (await read(as, "/proc/self/status")).trim().split("\n");
		return new Map(lines.map((line) => line.split(/:\s*/) as [string, string]));
	};

	describe("a user", () => {
		it("is who it is said to be, with namespaces and capabilities of its own", async () => {
			const plain = await statusOf((await start({ uid: 1000, gid: 1001, groups: [7, 2000] })).as);
			expect([plain.get("Uid"), plain.get("Gid"), plain.get("Groups")!.trim()]).toEqual([
				"1000\t1000\t1000\t1000",
				"1001\t1001\t1001\t1001",
				"7 2000",
			]);
			expect([plain.get("CapPrm"), plain.get("CapEff")]).toEqual(["0000000000000000", "0000000000000000"]);
			const { as } = await start({ ...apart, capabilities: ["CAP_BPF", "CAP_NET_ADMIN"] });
			const inside = await statusOf(as);
			expect(inside.get("Uid")).toBe("0\t0\t0\t0");
			for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
				expect(inside.get(set), set).toBe("0000008000001000");
			await expect(
				as.call("netdev_add", { kind: "veth", name: "own", peer: "peer" }),
			).resolves.toHaveProperty("ifindex");
			const mount = as.call("mount", { source: "none", target: "/tmp/mine", fstype: "tmpfs" });
			await expect(mount).rejects.toMatchObject({ errnoName: "EPERM" });
			const forbidden = as.call("file_write", { path: "/run/forbidden", data: Buffer.from("x") });
			await expect(forbidden).rejects.toMatchObject({ errnoName: "EACCES" });
		});

		it("has ids of its namespace as they are mapped, and can be joined by another", async () => {
			const map = [
				{ inside: 5, outside: 1000 },
				{ inside: 6, outside: 1100, count: 2 },
			];
			const { user, as } = await start({ ...apart, uid_map: map, gid_map: map });
			expect((await statusOf(as)).get("Uid")).toMatch(/^5\t/);
			const other = await start({ uid: 1101, gid: 1100, join: user });
			expect((await statusOf(other.as)).get("Uid")).toMatch(/^7\t/);
			await as.call("netdev_add", { kind: "veth", name: "shared", peer: "peer" });
			await as.call("mount", { source: "none", target: "/tmp", fstype: "tmpfs" });
			await as.call("file_write", { path: "/tmp/shared", data: Buffer.from("x") });
			for (const [path, content] of [
				["/proc/self/net/dev", "shared:"],
				["/tmp/shared", "x"],
			] as const) {
				expect(await read(other.as, path)).toContain(content);
				const outside = await read(client, path).catch(() => "nothing");
				expect(outside).not.toContain(content);
			}
		});

		it("runs commands with its own rights, for longer than it may say nothing", async () => {
			const data = await compileCommand();
			await client.call("file_write", { path: "/run/command", data, mode: 0o755 });
			const { as } = await start({ ...apart, capabilities: ["CAP_BPF"], patience_ms: 1200 });
			const { stdout } = await as.call("command_run", { argv: ["/run/command", "status"] });
			expect(Buffer.from(stdout).toString()).toMatch(/^CapEff:\t0000008000000000$/m);
			const took = performance.now();
			const slow = await as.call("command_run", { argv: ["/run/command", "sleep", "9"], timeout_ms: 2000 });
			expect(slow.timed_out).toBe(true);
			expect(performance.now() - took).toBeGreaterThan(1900);
			await client.call("file_remove", { path: "/run/command" });
		});

		it("holds nothing of what the agent holds", async () => {
			const { object } = await client.call("object_open", { path: "/run/token.o" });
			const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
			expect(loaded.errno, loaded.log).toBe(0);
			await client.call("object_snapshot", { object });
			const { as } = await start();
			const foreign = as.call("object_snapshot", { object });
			await expect(foreign).rejects.toMatchObject({ errnoName: "EBADF" });
			await client.call("object_close", { object });
			const { maps, programs } = await client.call("inventory", { settle: true });
			expect({ maps, programs }).toEqual({ maps: before.maps, programs: before.programs });
		});

		it("is told of when it cannot be", async () => {
			await expect(start({ ...apart, join: 4711 })).rejects.toMatchObject({ errnoName: "EBADF" });
			const unknown = start({ ...apart, capabilities: ["CAP_NONSENSE"] });
			await expect(unknown).rejects.toMatchObject({ errnoName: "EINVAL" });
			const path = "/proc/sys/user/max_user_namespaces";
			const allowed = await read(client, path);
			await client.call("file_write", { path, data: Buffer.from("0") });
			const refused = start();
			await expect(refused).rejects.toMatchObject({ errnoName: "ENOSPC", what: "make a user namespace" });
			await client.call("file_write", { path, data: Buffer.from(allowed) });
			const twice = start({
				...apart,
				uid_map: [
					{ inside: 0, outside: 1 },
					{ inside: 0, outside: 2 },
				],
			});
			await expect(twice).rejects.toMatchObject({ errnoName: "EINVAL" });
		});

		it("that crashes, hangs or is killed is not the end of the agent", async () => {
			const ended = (how: string) => ({ errnoName: "EOWNERDEAD", what: expect.stringContaining(how) });
			const crashing = await start();
			const crashed = ended("ended in misbehave with signal 11");
			await expect(crashing.as.call("misbehave", { how: "crash" })).rejects.toMatchObject(crashed);
			await expect(crashing.as.call("ping", {})).rejects.toMatchObject(crashed);
			const hanging = await start({ ...apart, patience_ms: 300 });
			await expect(hanging.as.call("misbehave", { how: "hang" })).rejects.toMatchObject({
				errnoName: "ETIMEDOUT",
				what: expect.stringContaining("hung in misbehave"),
			});
			await expect(hanging.as.call("ping", {})).rejects.toMatchObject(ended("hung in misbehave"));
			const babbling = await start();
			const babble = babbling.as.call("misbehave", { how: "rubbish" });
			await expect(babble).rejects.toMatchObject({ errnoName: "EOWNERDEAD" });
			await expect(client.as(4711).call("ping", {})).rejects.toMatchObject({ errnoName: "EBADF" });
			await client.call("ping", {});
		});
	});

	if (!tokens) {
		it("has no bpffs for a user namespace, and no token of another one", async () => {
			const { user, as } = await start();
			const refused = mountToken(client, { user, options: tracing, path: bpffs });
			await expect(refused).rejects.toMatchObject({ errnoName: "EPERM", what: "create" });
			const first = client.call("token_create", { path: bpffs });
			await expect(first).rejects.toMatchObject({ errnoName: "EINVAL", what: "create the token" });
			expect((await load(as, "on_kprobe")).errno).toBe(EPERM);
			expect((await load(client, "on_kprobe", "")).errno).toBe(0);
		});
		return;
	}

	describe("a token", () => {
		it("is made of the root of a mount, at a path or passed by its descriptor, where something is delegated", async () => {
			const { user, as } = await start();
			await mountToken(client, { user, options: tracing, path: bpffs });
			const handle = await mountToken(client, { user, options: tracing });
			for (const from of [{ path: bpffs }, { handle }]) {
				expect(await as.call("token_create", from)).toHaveProperty("handle");
				const inside = as.call("token_create", { ...from, folder: "inside" });
				await expect(inside).rejects.toMatchObject({ errnoName: "EINVAL", what: "create the token" });
			}
			const nothing = await mountToken(client, { user, options: {} });
			await expect(as.call("token_create", { handle: nothing })).rejects.toMatchObject({
				errnoName: "ENOENT",
			});
			const other = as.call("token_create", { path: "/tmp" });
			await expect(other).rejects.toMatchObject({ errnoName: "EINVAL" });
		});

		it("lets a user load what it delegates, and nothing else", async () => {
			const { user, as } = await start();
			expect((await load(as, "on_kprobe")).errno).toBe(EPERM);
			expect((await load(as, "filter")).errno).toBe(EPERM);
			await mountToken(client, { user, options: tracing, path: "/tmp/token" });
			for (const program of ["on_kprobe", "on_raw_tracepoint"])
				expect(await load(as, program, "/tmp/token")).toMatchObject({ errno: 0, program: 0 });
			expect(await load(as, "filter", "/tmp/token")).toMatchObject({ errno: EPERM, program: EPERM });
			expect((await load(as, "on_kprobe", "")).errno).toBe(EPERM);
			expect((await load(as, "on_kprobe")).errno).toBe(EPERM);
			await mountToken(client, { user, options: tracing, path: bpffs });
			expect(await load(as, "on_kprobe")).toMatchObject({ errno: 0, program: 0 });
			expect((await load(as, "on_kprobe", "")).errno).toBe(EPERM);
			await as.call("unmount", { target: bpffs });
			expect((await load(as, "on_kprobe", bpffs)).errno).not.toBe(0);
		});

		it("is found by libbpf where the environment says", async () => {
			const env = ["LIBBPF_BPF_TOKEN_PATH=/tmp/token"];
			const { user, as } = await start({ ...apart, env });
			expect((await load(as, "on_kprobe")).errno).not.toBe(0);
			await mountToken(client, { user, options: tracing, path: "/tmp/token" });
			expect(await load(as, "on_kprobe")).toMatchObject({ errno: 0 });
			await client.call("file_remove", { path: "/tmp/token" });
		});

		it("is not made without CAP_BPF, in another user namespace or in the first one", async () => {
			const { user, as } = await start();
			const handle = await mountToken(client, { user, options: tracing });
			const without = await start({
				uid: 1000,
				gid: 1000,
				join: user,
				capabilities: ["CAP_PERFMON", "CAP_SYS_PTRACE"],
			});
			const stranger = await start();
			const first = await start({ uid: 1000, gid: 1000, capabilities: ["CAP_BPF"] });
			for (const other of [without, stranger, first]) {
				const passed = await client.call("fd_pass", { handle, from: user, to: other.user });
				await expect(other.as.call("token_create", passed)).rejects.toMatchObject({ errnoName: "EPERM" });
			}
			const options = "delegate_cmds=any,mode=0755";
			await client.call("mount", { source: "bpf", target: "/run/delegating", fstype: "bpf", data: options });
			const theirs = first.as.call("token_create", { path: "/run/delegating" });
			await expect(theirs).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
			await client.call("unmount", { target: "/run/delegating" });
			await client.call("file_remove", { path: "/run/delegating" });
			await as.call("token_create", { handle });
		});

		it("works for whom it is passed to in its namespace, and for nobody elsewhere", async () => {
			const { user, as } = await start();
			const handle = await mountToken(client, { user, options: tracing });
			const { handle: token } = await as.call("token_create", { handle });
			const mate = await start({ uid: 1000, gid: 1000, join: user, capabilities: ["CAP_BPF"] });
			const stranger = await start();
			expect(await createMap(mate.as, BPF_MAP_TYPE_ARRAY)).toMatchObject({ ret: -1, errno: EPERM });
			for (const [other, errno] of [
				[mate, 0],
				[stranger, EPERM],
			] as const) {
				const passed = await client.call("fd_pass", { handle: token, from: user, to: other.user });
				const made = await createMap(other.as, BPF_MAP_TYPE_ARRAY, passed.handle);
				expect(made.errno).toBe(errno);
			}
			const passed = await client.call("fd_pass", { handle: token, from: user, to: mate.user });
			expect((await createMap(mate.as, BPF_MAP_TYPE_HASH, passed.handle)).errno).toBe(EPERM);
			await as.call("close", { handle: token });
			const dropped = createMap(as, BPF_MAP_TYPE_ARRAY, token);
			await expect(dropped).rejects.toMatchObject({ errnoName: "EINVAL" });
			expect((await createMap(mate.as, BPF_MAP_TYPE_ARRAY, passed.handle)).errno).toBe(0);
		});

		it("outlives its mount, who granted it and who made it", async () => {
			const grantor = await start({ uid: 0, gid: 0 });
			const { user, as } = await start();
			await mountToken(client, { user, grantor: grantor.user, options: tracing, path: "/tmp/granted" });
			await end(grantor.user);
			const { handle } = await as.call("token_create", { path: "/tmp/granted" });
			const mate = await start({ uid: 1000, gid: 1000, join: user });
			const passed = await client.call("fd_pass", { handle, from: user, to: mate.user });
			const busy = as.call("unmount", { target: "/tmp/granted" });
			await expect(busy).rejects.toMatchObject({ errnoName: "EBUSY" });
			await as.call("unmount", { target: "/tmp/granted", lazy: true });
			const gone = as.call("token_create", { path: "/tmp/granted" });
			await expect(gone).rejects.toMatchObject({ errnoName: "EINVAL" });
			expect((await createMap(as, BPF_MAP_TYPE_ARRAY, handle)).errno).toBe(0);
			await end(user);
			expect((await createMap(mate.as, BPF_MAP_TYPE_ARRAY, passed.handle)).errno).toBe(0);
			await client.call("file_remove", { path: "/tmp/granted" });
		});

		it("can only be granted by who has rights in the first user namespace", async () => {
			const { user, as } = await start();
			const self = mountToken(client, { user, grantor: user, options: tracing, path: "/tmp/self" });
			await expect(self).rejects.toMatchObject({ errnoName: "EPERM", what: "set delegate_cmds" });
			const grantor = await start({ uid: 1000, gid: 1000, capabilities: ["CAP_BPF"] });
			const other = mountToken(client, { user, grantor: grantor.user, options: tracing });
			await expect(other).rejects.toMatchObject({ errnoName: "EPERM", what: "set delegate_cmds" });
			await as.call("ping", {});
		});

		it("of a mount that a group owns is made by who is in the group", async () => {
			const developers = 2000;
			const { user } = await start({ ...apart, groups: [developers] });
			const options = { ...tracing, mode: "0750", gid: String(developers) };
			await mountToken(client, { user, options, path: "/tmp/group" });
			const base: Args<"user_start"> = {
				uid: 1001,
				gid: 1001,
				join: user,
				capabilities: ["CAP_BPF", "CAP_PERFMON"],
			};
			const member = await start({ ...base, groups: [developers] });
			const other = await start({ ...base, groups: [2001] });
			const refused = other.as.call("token_create", { path: "/tmp/group" });
			await expect(refused).rejects.toMatchObject({
				errnoName: "EACCES",
				what: "open the bpffs /tmp/group",
			});
			await member.as.call("token_create", { path: "/tmp/group" });
			expect(await load(member.as, "on_kprobe", "/tmp/group")).toMatchObject({ errno: 0, program: 0 });
			expect((await load(other.as, "on_kprobe", "/tmp/group")).errno).not.toBe(0);
			await client.call("file_remove", { path: "/tmp/group" });
		});
	});
});
