// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import { agentPath } from "../build.js";
import type { GuestClient } from "../client.js";
import type { Result } from "../operations.js";
import { numberAt, numberedFrame } from "./testframe.js";
import { compileBpf } from "./testobject.js";

const machines = new Machines({ agent: agentPath });
const marker = Buffer.from("mark");
const frame = numberedFrame(marker);
const [EPERM, ECONNREFUSED, EINTR, EADDRINUSE] = [1, 111, 4, 98];
const loopback = Buffer.from([127, 0, 0, 1]);

describe.each(["5.10", "6.12", "7.3"])("network of the agent on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let object: number;
	let netns: number;
	let ifindex: number;
	let peer: number;

	beforeAll(async () => {
		const [data, kernel] = [await compileBpf("testdata/testchain.bpf.c"), await openKernel(id)];
		guest = await machines.clone(kernel);
		client = guest.client;
		for (const name of ["veth", "sch_ingress", "cls_bpf"])
			expect((await client.call("module_load", { name })).state).not.toBe("refused");
		await client.call("file_write", { path: "/run/chain.o", data });
		({ object } = await client.call("object_open", { path: "/run/chain.o" }));
		const loaded = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(loaded.errno, loaded.log).toBe(0);
		({ netns } = await client.call("netns_add", {}));
		const made = await client.call("netdev_add", {
			...{ kind: "veth", name: "out", address: Buffer.from([2, 0, 0, 0, 0, 1]), up: true },
			...{ peer: "in", peer_address: Buffer.from([2, 0, 0, 0, 0, 2]), peer_netns: netns },
		});
		[ifindex, peer] = [made.ifindex, made.peer_ifindex!];
	});

	afterAll(() => guest.dispose());

	describe("packets", () => {
		it("arrive in the namespace of the peer only", async () => {
			const { handle } = await client.call("capture_open", { ifindex: peer, netns, incoming: true });
			const sent = await client.call("packet_send", {
				ifindex,
				frames: [frame],
				count: 3,
				number_at: numberAt,
			});
			expect(sent).toEqual({ tried: 3, sent: 3, errno: 0 });
			const ours: Result<"packets_read">["packets"] = [];
			while (ours.length < 3) {
				const { packets, lost } = await client.call("packets_read", { handle, quiet_ms: 100 });
				ours.push(...packets.filter(({ data }) => Buffer.from(data).includes(marker)));
				expect(lost).toBe(0);
			}
			expect(ours.map(({ data }) => Buffer.from(data).readUInt32BE(numberAt))).toEqual([0, 1, 2]);
			expect(ours.every(({ time_ns, outgoing }) => time_ns > 0 && !outgoing)).toBe(true);
			await client.call("close", { handle });
			const wrong = client.call("packet_send", { ifindex: peer, frames: [frame], netns: 4711 });
			await expect(wrong).rejects.toMatchObject({ errnoName: "EBADF" });
			const devices = await client.call("file_read", { path: "/proc/net/dev" });
			expect(Buffer.from(devices.data).toString()).not.toContain("in:");
		});

		it("are accounted for, and operations run between them", async () => {
			const args = { ifindex: peer, netns, incoming: true, buffer: 64 << 20 };
			const { handle } = await client.call("capture_open", args);
			const during = [
				{ op: "ping", args: {} },
				{ op: "detach", args: { link: 4711 } },
			];
			const sent = await client.call("packet_send", {
				...{ ifindex, frames: [frame], count: 10_000, number_at: numberAt, during, rounds: 10 },
			});
			expect(sent).toMatchObject({ errno: 0, sent: sent.tried });
			expect(sent.during!.length).toBe(20);
			for (const [index, step] of sent.during!.entries()) {
				expect(step.from).toBeGreaterThanOrEqual(Math.floor(((index + 1) * 10_000) / 21));
				expect(step.to).toBeGreaterThanOrEqual(step.from);
				if (index % 2 === 0) expect(step.ok).toEqual({});
				else expect(step.err).toMatchObject({ errno: 9 });
			}
			const account = await client.call("packets_account", {
				...{ handle, marker, expected: sent.tried + 10, quiet_ms: 300 },
			});
			expect(account).toMatchObject({ arrived: sent.tried, repeated: 0, lost: 0 });
			expect(account.missing).toEqual([{ first: sent.tried, count: 10 }]);
			await client.call("close", { handle });
		});

		it("are paced a millisecond apart when an operation takes longer than they do", async () => {
			const { handle } = await client.call("capture_open", { ifindex: 1 });
			const during = [{ op: "packets_read", args: { handle, quiet_ms: 500 } }];
			const sent = await client.call("packet_send", { ifindex, frames: [frame], count: 10, during });
			expect(sent.during!.map(({ err }) => err)).toEqual([undefined]);
			const { from, to } = sent.during![0]!;
			expect(from).toBeGreaterThanOrEqual(5);
			// In 500 ms of the guest's clock; at full speed it is more than 10,000.
			expect(to - from).toBeLessThan(5000);
			await client.call("close", { handle });
		});

		it("are refused when a device is down or a frame has no room for its number", async () => {
			const short = { ifindex, frames: [Buffer.alloc(20)], number_at: 18 };
			await expect(client.call("packet_send", short)).rejects.toMatchObject({ errnoName: "EINVAL" });
			const gone = await client.call("packet_send", { ifindex: 9999, frames: [frame] });
			expect(gone).toMatchObject({ tried: 1, sent: 0, errno: 6 });
		});
	});

	it("lists tc filters in order, with pref and handle, and replaces one", async () => {
		const at = { object, hook: "tc_ingress", ifindex: peer, netns };
		const links = [
			(await client.call("attach", { ...at, program: "first", priority: 20, filter_handle: 7 })).link,
			(await client.call("attach", { ...at, program: "second", priority: 10, filter_handle: 1 })).link,
		];
		const listed = async () => (await client.call("tc_filters", { ifindex: peer, netns })).filters;
		const before = await listed();
		expect(before.map(({ pref, handle, name }) => [pref, handle, name?.split(":")[0]])).toEqual([
			[10, 1, "second"],
			[20, 7, "first"],
		]);
		const again = client.call("attach", { ...at, program: "third", priority: 20, filter_handle: 7 });
		await expect(again).rejects.toMatchObject({ errnoName: "EEXIST" });
		await client.call("attach", { ...at, program: "third", replaces: links[0]! });
		const after = await listed();
		expect(after.map(({ pref, handle, name }) => [pref, handle, name?.split(":")[0]])).toEqual([
			[10, 1, "second"],
			[20, 7, "third"],
		]);
		expect(after[1]!.program).not.toBe(before[1]!.program);
		for (const link of links) await client.call("detach", { link });
		await expect(listed()).resolves.toEqual([]);
	});

	it("attaches XDP by netlink and by link; a link refuses netlink and can be updated", async () => {
		const set = (program?: string, more = {}) =>
			client.call("xdp_set", {
				...{ ifindex: peer, netns, mode: "generic" as const, ...more },
				...(program ? { program: { handle: object, program } } : {}),
			});
		const query = () => client.call("xdp_query", { ifindex: peer, netns });
		expect(await set("pass")).toEqual({ errno: 0 });
		expect((await set("drop", { exclusive: true })).errno).toBe(16);
		const { generic, native } = await query();
		expect([generic > 0, native]).toEqual([true, 0]);
		expect((await set("drop", { expected: { handle: object, program: "root" } })).errno).toBe(17);
		expect((await set("drop", { expected: { handle: object, program: "pass" } })).errno).toBe(0);
		expect((await query()).generic).not.toBe(generic);
		await set();
		expect(await query()).toEqual({ native: 0, generic: 0, offloaded: 0 });

		const at = { object, hook: "xdp", ifindex: peer, netns, mode: "generic" as const };
		const { link } = await client.call("attach", { ...at, program: "pass" });
		expect((await set("drop")).errno).toBe(16);
		const wrong = { handle: object, program: "root" };
		const refused = client.call("attach", { ...at, program: "drop", replaces: link, expected: wrong });
		await expect(refused).rejects.toMatchObject({ errnoName: "EPERM" });
		const first = (await query()).generic;
		const right = { handle: object, program: "pass" };
		await client.call("attach", { ...at, program: "drop", replaces: link, expected: right });
		expect((await query()).generic).not.toBe(first);
		await client.call("detach", { link });
		expect((await query()).generic).toBe(0);
	});

	describe("sockets in a cgroup", () => {
		let cgroup: string;
		beforeEach(async () => {
			if (cgroup) return;
			await client.call("cgroup_add", { name: "outer" });
			({ path: cgroup } = await client.call("cgroup_add", { name: "outer/inner" }));
		});

		const connect = [
			{ call: "socket" as const, type: 1 },
			{ call: "connect" as const, address: loopback, port: 9 },
		];

		/**
		 * No call here blocks; a host under load may stop the guest for longer than the default.
		 */
		const patient = 10_000;

		it("trigger the programs of their cgroup", async () => {
			const errnos = async () => {
				const { steps } = await client.call("socket_traffic", {
					cgroup,
					wait_ms: patient,
					steps: connect,
				});
				return steps.map(({ errno }) => errno);
			};
			expect(await errnos()).toEqual([0, ECONNREFUSED]);
			const at = { object, hook: "cgroup", path: "/sys/fs/cgroup/outer" };
			const { link } = await client.call("attach", { ...at, program: "deny" });
			expect(await errnos()).toEqual([0, EPERM]);
			const outside = await client.call("socket_traffic", { wait_ms: patient, steps: connect });
			expect(outside.steps[1]!.errno).toBe(ECONNREFUSED);
			await client.call("attach", { ...at, program: "allow", replaces: link });
			expect(await errnos()).toEqual([0, ECONNREFUSED]);
			await client.call("detach", { link });
		});

		it("repeat a call while operations run", async () => {
			const steps = connect.map((step) => ({ ...step, type: 2 }));
			const at = { object, hook: "cgroup", path: "/sys/fs/cgroup/outer" };
			const { link } = await client.call("attach", { ...at, program: "allow" });
			const runs = async () => {
				const { entries } = await client.call("map_dump", { object, map: ".bss" });
				return entries.map(({ value }) => Buffer.from(value).toString("hex")).join();
			};
			const before = await runs();
			const during = [
				{ op: "ping", args: {} },
				{ op: "attach", args: { ...at, program: "missing" } },
			];
			const made = await client.call("socket_traffic", { cgroup, steps, count: 500, during, rounds: 3 });
			expect(made.steps.map(({ errno }) => errno)).toEqual([0]);
			const times = made.times_ns!;
			expect(times.length).toBeGreaterThan(500);
			expect(times.every((time, index) => index === 0 || time >= times[index - 1]!)).toBe(true);
			expect(made.during!.map(({ ok, err }) => [ok !== undefined, err !== undefined])).toEqual(
				Array.from({ length: 6 }, (_, index) => [index % 2 === 0, index % 2 === 1]),
			);
			for (const { from, to } of made.during!) expect(to).toBeGreaterThanOrEqual(from);
			expect(await runs()).not.toBe(before);
			await client.call("detach", { link });
		});

		it("number the packets of a repeated send", async () => {
			const to = { address: loopback, port: 4001 };
			const steps = [
				{ call: "socket" as const },
				{ call: "bind" as const, ...to },
				{ call: "socket" as const, socket: 1 },
				{ call: "sendmsg" as const, socket: 1, ...to, data: Buffer.concat([marker, Buffer.alloc(4)]) },
			];
			const { handle } = await client.call("capture_open", { ifindex: 1, incoming: true });
			const made = await client.call("socket_traffic", { cgroup, steps, count: 20, number_at: 4 });
			expect(made.times_ns!.length).toBe(21);
			expect(made.during).toEqual([]);
			const account = await client.call("packets_account", {
				...{ handle, marker, expected: 20, quiet_ms: 100 },
			});
			expect(account).toMatchObject({ arrived: 20, repeated: 0, missing: [] });
			await client.call("close", { handle });
			const noRoom = client.call("socket_traffic", { steps, count: 20, number_at: 5 });
			await expect(noRoom).rejects.toMatchObject({ errnoName: "EINVAL" });
			const sockets = client.call("socket_traffic", { steps: steps.slice(0, 1), count: 20 });
			await expect(sockets).rejects.toMatchObject({ errnoName: "EINVAL" });
			const gone = client.call("socket_traffic", { cgroup: "/sys/fs/cgroup/none", steps, count: 20 });
			await expect(gone).rejects.toMatchObject({ errnoName: "ENOENT" });
		});

		it("talk to each other, also in a namespace, and time out", async () => {
			const data = Buffer.from("hello");
			const bind = { call: "bind" as const, address: loopback, port: 4000 };
			const { handle } = await client.call("socket_open", { protocol: "udp", address: loopback, port: 4000 });
			const here = await client.call("socket_traffic", { steps: [{ call: "socket" }, bind] });
			expect(here.steps.map(({ errno }) => errno)).toEqual([0, EADDRINUSE]);
			const { steps } = await client.call("socket_traffic", {
				netns,
				wait_ms: 100,
				steps: [
					{ call: "socket" },
					bind,
					{ call: "socket", socket: 1 },
					{ call: "sendmsg", socket: 1, address: loopback, port: 4000, data },
					{ call: "recvmsg" },
					{ call: "recvmsg" },
					{ call: "getsockname" },
				],
			});
			await client.call("close", { handle });
			expect(steps.map(({ errno }) => errno)).toEqual([0, 0, 0, 0, 0, EINTR, 0]);
			expect(Buffer.from(steps[4]!.data).toString()).toBe("hello");
			expect(steps[6]).toMatchObject({ port: 4000, address: new Uint8Array(loopback) });
			const gone = client.call("socket_traffic", { cgroup: "/sys/fs/cgroup/none", steps: [] });
			await expect(gone).rejects.toMatchObject({ errnoName: "ENOENT" });
		});
	});
});
