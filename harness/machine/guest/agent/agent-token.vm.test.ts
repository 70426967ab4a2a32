// SPDX-License-Identifier: Apache-2.0
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import { agentPath } from "../build.js";
import type { GuestClient } from "../client.js";
import type { Args, Inventory, Result } from "../operations.js";
import { mountToken } from "../token-mount.js";
import { compileBpf } from "./testobject.js";
import { apart, Users } from "./testusers.js";

const machines = new Machines({ agent: agentPath });
const bpffs = "/sys/fs/bpf";
/** Numbers of include/uapi/linux/bpf.h. */
const [BPF_MAP_CREATE, BPF_TOKEN_CREATE, BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_LRU_HASH] = [
	0, 36, 1, 2, 9,
];
const [BPF_F_TOKEN_FD, EPERM, EBADF] = [1 << 16, 1, 9];
/**
 * Tracing programs, and what libbpf needs for its first feature probe. Attach types: only 0, which
 * programs without one have.
 */
const tracing = {
	delegate_cmds: "map_create:prog_load:btf_load",
	delegate_maps: "array:array_of_maps:hash",
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
	const users = new Users(() => client);

	beforeAll(async () => {
		const [data, kernel] = [await compileBpf("testdata/testtoken.bpf.c"), await openKernel(id)];
		guest = await machines.clone(kernel);
		client = guest.client;
		await client.call("file_write", { path: "/run/token.o", data });
		before = await client.call("inventory", { settle: true });
		const attr = new Int32Array([0, -1]);
		const { errno } = await client.call("bpf", { cmd: BPF_TOKEN_CREATE, attr: new Uint8Array(attr.buffer) });
		// A kernel that knows the command complains of the file descriptor.
		expect(errno === EBADF).toBe(tokens);
	});

	afterEach(async () => {
		await users.endAll();
		expect(await client.call("inventory", { settle: true })).toEqual(before);
	});

	afterAll(() => guest.dispose());

	/** One program of the object: errno of the object, and of the program if it got so far. */
	async function load(as: GuestClient, program: string, token_path?: string) {
		const names = ["on_kprobe", "on_raw_tracepoint", "on_nested", "filter"];
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

	if (!tokens) {
		it("refuses a bpffs of a user namespace, and a token of another bpffs", async () => {
			const { user, as } = await users.start();
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
		it("is created from the root of a mount with delegation, by path or by a passed file descriptor", async () => {
			const { user, as } = await users.start();
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

		it("lets a user load what is delegated, and nothing else", async () => {
			const { user, as } = await users.start();
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

		it("also covers what the agent creates besides libbpf: inner maps and coverage maps", async () => {
			const { user, as } = await users.start();
			const everything = Object.fromEntries(Object.keys(tracing).map((option) => [option, "any"]));
			await mountToken(client, { user, options: everything, path: bpffs });
			const inner = { type: BPF_MAP_TYPE_HASH, key_size: 4, value_size: 8, max_entries: 4 };
			const { object } = await as.call("object_open", {
				path: "/run/token.o",
				maps: [{ name: "outer", inner }],
				programs: ["on_kprobe", "on_raw_tracepoint", "filter"].map((name) => ({ name, autoload: false })),
			});
			const wanted = { object, log_level: 0, log_bytes: 4096, coverage: true };
			const { errno, log } = await as.call("object_load", wanted);
			expect(errno, log).toBe(0);
			const run = async () =>
				(await as.call("test_run", { object, program: "on_nested", runs: [{}] })).runs.map(
					(each) => each.retval,
				);
			expect(await run()).toEqual([2]);
			const [key, value] = [Buffer.alloc(4), Buffer.alloc(8, 1)];
			const entries = [{ key, inner: [{ key, value }] }];
			expect(await as.call("map_write", { object, map: "outer", entries })).toEqual({ errnos: [0] });
			expect(await run()).toEqual([1]);
			const [measured] = (await as.call("coverage_read", { object })).programs;
			expect(measured).toMatchObject({ name: "on_nested", reached: expect.anything() });
		});

		it("is found by libbpf through its environment variable", async () => {
			const env = ["LIBBPF_BPF_TOKEN_PATH=/tmp/token"];
			const { user, as } = await users.start({ ...apart, env });
			expect((await load(as, "on_kprobe")).errno).not.toBe(0);
			await mountToken(client, { user, options: tracing, path: "/tmp/token" });
			expect(await load(as, "on_kprobe")).toMatchObject({ errno: 0 });
			await client.call("file_remove", { path: "/tmp/token" });
		});

		it("is refused without CAP_BPF, in another user namespace and in the initial one", async () => {
			const { user, as } = await users.start();
			const handle = await mountToken(client, { user, options: tracing });
			const without = await users.start({
				uid: 1000,
				gid: 1000,
				join: user,
				capabilities: ["CAP_PERFMON", "CAP_SYS_PTRACE"],
			});
			const stranger = await users.start();
			const first = await users.start({ uid: 1000, gid: 1000, capabilities: ["CAP_BPF"] });
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

		it("works for a process in its user namespace that receives it, and in no other namespace", async () => {
			const { user, as } = await users.start();
			const handle = await mountToken(client, { user, options: tracing });
			const { handle: token } = await as.call("token_create", { handle });
			const mate = await users.start({ uid: 1000, gid: 1000, join: user, capabilities: ["CAP_BPF"] });
			const stranger = await users.start();
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
			expect((await createMap(mate.as, BPF_MAP_TYPE_LRU_HASH, passed.handle)).errno).toBe(EPERM);
			await as.call("close", { handle: token });
			const dropped = createMap(as, BPF_MAP_TYPE_ARRAY, token);
			await expect(dropped).rejects.toMatchObject({ errnoName: "EINVAL" });
			expect((await createMap(mate.as, BPF_MAP_TYPE_ARRAY, passed.handle)).errno).toBe(0);
		});

		it("outlives its mount, its grantor and its creator", async () => {
			const grantor = await users.start({ uid: 0, gid: 0 });
			const { user, as } = await users.start();
			await mountToken(client, { user, grantor: grantor.user, options: tracing, path: "/tmp/granted" });
			await users.end(grantor.user);
			const { handle } = await as.call("token_create", { path: "/tmp/granted" });
			const mate = await users.start({ uid: 1000, gid: 1000, join: user });
			const passed = await client.call("fd_pass", { handle, from: user, to: mate.user });
			const busy = as.call("unmount", { target: "/tmp/granted" });
			await expect(busy).rejects.toMatchObject({ errnoName: "EBUSY" });
			await as.call("unmount", { target: "/tmp/granted", lazy: true });
			const gone = as.call("token_create", { path: "/tmp/granted" });
			await expect(gone).rejects.toMatchObject({ errnoName: "EINVAL" });
			expect((await createMap(as, BPF_MAP_TYPE_ARRAY, handle)).errno).toBe(0);
			await users.end(user);
			expect((await createMap(mate.as, BPF_MAP_TYPE_ARRAY, passed.handle)).errno).toBe(0);
			await client.call("file_remove", { path: "/tmp/granted" });
		});

		it("can only be granted with capabilities in the initial user namespace", async () => {
			const { user, as } = await users.start();
			const self = mountToken(client, { user, grantor: user, options: tracing, path: "/tmp/self" });
			await expect(self).rejects.toMatchObject({ errnoName: "EPERM", what: "set delegate_cmds" });
			const grantor = await users.start({ uid: 1000, gid: 1000, capabilities: ["CAP_BPF"] });
			const other = mountToken(client, { user, grantor: grantor.user, options: tracing });
			await expect(other).rejects.toMatchObject({ errnoName: "EPERM", what: "set delegate_cmds" });
			await as.call("ping", {});
		});

		it("of a mount that a group owns can be created by members of the group", async () => {
			const developers = 2000;
			const { user } = await users.start({ ...apart, groups: [developers] });
			const options = { ...tracing, mode: "0750", gid: String(developers) };
			await mountToken(client, { user, options, path: "/tmp/group" });
			const base: Args<"user_start"> = {
				uid: 1001,
				gid: 1001,
				join: user,
				capabilities: ["CAP_BPF", "CAP_PERFMON"],
			};
			const member = await users.start({ ...base, groups: [developers] });
			const other = await users.start({ ...base, groups: [2001] });
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
