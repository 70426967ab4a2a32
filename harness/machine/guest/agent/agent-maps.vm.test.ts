// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { GuestClient } from "../client.js";
import type { Args } from "../operations.js";
import { compileObject } from "./testobject.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({
	agent: (arch) => join(root, "build/agent", arch, "agent"),
	accelerator: "tcg",
});

const XDP_PASS = 2;
const XDP_TX = 3;
const ENOSPC = 28;

/**
 * One object with a map of each kind (testoperations.bpf.c), and one with maps that cannot be read
 * besides.
 */
let everyMap: Uint8Array;
let unreadable: Uint8Array;

beforeAll(async () => {
	everyMap = await compileObject();
	unreadable = await compileObject("-DUNREADABLE");
});

function u32(...values: number[]): Uint8Array {
	return new Uint8Array(new Uint32Array(values).buffer);
}

function u64(...values: number[]): Uint8Array {
	return new Uint8Array(new BigUint64Array(values.map(BigInt)).buffer);
}

/** An Ethernet frame of zeroes that begins with these bytes. */
function frame(length: number, ...first: number[]): Uint8Array {
	const bytes = new Uint8Array(length);
	bytes.set(first);
	return bytes;
}

/** One that no filter stops. */
function arp(length: number): Uint8Array {
	const bytes = frame(length, 1, 2, 3);
	bytes.set([8, 6], 12);
	return bytes;
}

describe.each(["5.10", "6.12", "7.3"])("maps and test runs on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
	});

	afterAll(() => guest.dispose());

	/** Loads it for one test, which closes it. */
	async function load(data: Uint8Array, options: Partial<Args<"object_open">> = {}): Promise<number> {
		await client.call("file_write", { path: "/run/object.o", data });
		const { object } = await client.call("object_open", { path: "/run/object.o", ...options });
		const done = await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		expect(done.errno, done.log + done.programs.map((each) => each.log).join("")).toBe(0);
		return object;
	}

	async function example(file: string, options?: Partial<Args<"object_open">>): Promise<number> {
		return load(await readFile(join(root, "programs", file)), options);
	}

	async function dump(object: number, map: string): Promise<string[]> {
		const { entries } = await client.call("map_dump", { object, map });
		const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
		return entries.map(({ key, value }) => `${hex(key)}:${hex(value)}`).sort();
	}

	async function write(
		object: number,
		map: string,
		entries: Args<"map_write">["entries"],
	): Promise<number[]> {
		return (await client.call("map_write", { object, map, entries })).errnos;
	}

	it("runs a program on packets and gives back what came of each", async () => {
		const object = await example("xdp-filter/xdp-filter.bpf.o");
		const data_in = arp(64);
		const { runs, differs } = await client.call("test_run", {
			object,
			program: "xdp_filter",
			runs: [
				{ data_in },
				{ data_in, data_out_max: 10 },
				{ data_in, data_out_max: 0 },
				{ data_in, repeat: 100 },
			],
		});
		expect(differs).toEqual([]);
		expect(runs.map((run) => [run.errno, run.retval, run.data_size, run.data_out.length])).toEqual([
			[0, XDP_PASS, 64, 64],
			[ENOSPC, XDP_PASS, 64, 10],
			[0, XDP_PASS, 64, 0],
			[0, XDP_PASS, 64, 64],
		]);
		expect(runs[0]!.data_out).toEqual(data_in);
		await client.call("object_close", { object });
	});

	it("says what the kernel says of runs that it refuses", async () => {
		const object = await example("xdp-filter/xdp-filter.bpf.o");
		const runs = [{ data_in: arp(1 << 17) }, { data_in: arp(64), flags: 0x80 }];
		const answer = await client.call("test_run", { object, program: "xdp_filter", runs });
		expect(answer.runs.map((run) => [run.errno > 0, run.data_out.length, run.retval])).toEqual([
			[true, 0, 0],
			// Linux 5.10 looks at no flags of XDP runs.
			id === "5.10" ? [false, 64, XDP_PASS] : [true, 0, 0],
		]);
		const refused = { object, program: "nope", runs: [] };
		await expect(client.call("test_run", refused)).rejects.toMatchObject({ errnoName: "ENOENT" });
		await client.call("object_close", { object });
		await expect(client.call("test_run", refused)).rejects.toMatchObject({ errnoName: "EBADF" });
	});

	it("gives the context back where the kernel does", async () => {
		const object = await example("tc-marker/tc-marker.bpf.o");
		const { programs } = await client.call("object_open", { path: "/run/object.o" });
		const mark = 8; // struct __sk_buff
		const ctx_in = new Uint8Array(180);
		ctx_in[mark] = 7;
		const { runs } = await client.call("test_run", {
			object,
			program: programs[0]!.name,
			runs: [{ data_in: frame(64), ctx_in }],
		});
		expect(runs[0]!.errno).toBe(0);
		expect(runs[0]!.ctx_out[mark]).toBe(7);
		expect(runs[0]!.ctx_out.length).toBeGreaterThanOrEqual(180);
		await client.call("object_close", { object });
	});

	it("writes, reads and deletes entries of each kind of map", async () => {
		const object = await load(everyMap);
		const cpus = (await client.call("map_dump", { object, map: "per_cpu" })).cpus;
		expect(cpus).toBe(guest.greeting.cpus);

		expect(await write(object, "slots", [{ key: u32(3), value: u64(9) }])).toEqual([0]);
		expect((await dump(object, "slots"))[3]).toBe("03000000:0900000000000000");
		expect(await write(object, "slots", [{ key: u32(8), value: u64(9) }])).not.toEqual([0]);
		expect(await write(object, "slots", [{ key: u32(3), value: u32(9) }])).toEqual([22]);

		const flow = { key: u32(5), value: u64(6), flags: 1 };
		expect(await write(object, "flows", [flow, flow])).toEqual([0, 17]);
		expect(await dump(object, "flows")).toEqual(["05000000:0600000000000000"]);
		const keys = [u32(5), u32(5), u64(5)];
		expect(await client.call("map_delete", { object, map: "flows", keys })).toEqual({ errnos: [0, 2, 22] });
		expect(await dump(object, "flows")).toEqual([]);

		expect(await write(object, "per_cpu", [{ key: u32(1), value: u32(4) }])).toEqual([0]);
		expect(await dump(object, "per_cpu")).toEqual([`01000000:${"0400000000000000".repeat(cpus)}`]);

		for (const map of ["queue", "stack"]) {
			expect(await write(object, map, [{ value: u32(1) }, { value: u32(2) }])).toEqual([0, 0]);
			const inOrder = async () =>
				(await client.call("map_dump", { object, map })).entries.map((entry) => entry.value[0]);
			expect(await inOrder()).toEqual(map === "queue" ? [1, 2] : [2, 1]);
			expect(await inOrder()).toEqual(map === "queue" ? [1, 2] : [2, 1]);
		}
		expect(await dump(object, ".bss")).toEqual(["00000000:0000000000000000"]);
		await expect(dump(object, "ring")).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
		await expect(dump(object, "nope")).rejects.toMatchObject({ errnoName: "ENOENT" });
		await client.call("object_close", { object });
	});

	it("makes maps in maps", async () => {
		const file = "lsm-guard/lsm-guard.bpf.o";
		const inner = { type: 1, key_size: 16, value_size: 1, max_entries: 1024 };
		const data = await readFile(join(root, "programs", file));
		await client.call("file_write", { path: "/run/object.o", data });
		const { object, programs } = await client.call("object_open", {
			path: "/run/object.o",
			maps: [{ name: "denied_by_cgroup", inner }],
		});
		await client.call("object_close", { object });
		const opened = await example(file, {
			maps: [{ name: "denied_by_cgroup", inner }],
			programs: programs.map(({ name }) => ({ name, autoload: false })),
		});
		const entries = [
			{ key: u64(1), inner: [{ key: u64(1, 2), value: Uint8Array.of(1) }] },
			{ key: u64(2), inner: [] },
			{ key: u64(3), inner: [{ key: u32(1), value: Uint8Array.of(1) }] },
		];
		expect(await write(opened, "denied_by_cgroup", entries)).toEqual([0, 0, 22]);
		expect(await dump(opened, "denied_by_cgroup")).toHaveLength(2);
		await client.call("object_close", { object: opened });

		const declared = await load(everyMap);
		const tenant = [{ key: u32(0), inner: [{ key: u32(1), value: u64(5) }] }];
		expect(await write(declared, "by_tenant", tenant)).toEqual([0]);
		const [held] = (await client.call("map_dump", { object: declared, map: "by_tenant" })).entries;
		expect(await write(declared, "by_tenant", [{ key: u32(1), value: held!.value }])).toEqual([0]);
		expect(await dump(declared, "by_tenant")).toHaveLength(2);
		await client.call("object_close", { object: declared });
	});

	const restorable = ["slots", "flows", "recent", "per_cpu", "queue", "stack", "by_tenant", ".bss"];

	/** The object with something in each map, watched and remembered. */
	async function remembered(): Promise<number> {
		const object = await load(everyMap);
		const filled = [
			await write(object, "slots", [{ key: u32(0), value: u64(40) }]),
			await write(
				object,
				"flows",
				[1, 2, 1000].map((key) => ({ key: u32(key), value: u64(7) })),
			),
			await write(object, "recent", [{ key: u32(9), value: u64(7) }]),
			await write(
				object,
				"queue",
				[1, 2, 3].map((value) => ({ value: u32(value) })),
			),
			await write(
				object,
				"stack",
				[1, 2, 3].map((value) => ({ value: u32(value) })),
			),
			await write(object, "by_tenant", [{ key: u32(0), inner: [{ key: u32(1), value: u64(5) }] }]),
		];
		expect(new Set(filled.flat())).toEqual(new Set([0]));
		await client.call("events_watch", { object, map: "perf" });
		const { maps } = await client.call("object_snapshot", { object });
		const how = Object.fromEntries(maps.map((map) => [map.name.replace(/^.*(?=[.])/, ""), map.how]));
		expect(how).toMatchObject({
			...Object.fromEntries(restorable.map((name) => [name, "restored"])),
			ring: "drained",
			perf: "drained",
		});
		expect(Object.values(how)).not.toContain("unsupported");
		return object;
	}

	async function contents(object: number): Promise<Record<string, string[]>> {
		const maps: Record<string, string[]> = {};
		for (const name of restorable) maps[name] = await dump(object, name);
		return maps;
	}

	it("brings every map back to its snapshot", async () => {
		const object = await remembered();
		const before = await contents(object);
		for (let turn = 0; turn < 3; turn++) {
			const runs = [1, 5, 77].map((first) => ({ data_in: frame(64, first) }));
			const answer = await client.call("test_run", { object, program: "change", runs });
			expect(answer.runs.map((run) => [run.errno, run.retval, run.data_size])).toEqual(
				runs.map(() => [0, XDP_TX, 63]),
			);
			const after = await contents(object);
			for (const name of restorable) {
				// What is in the outer map is the same; what is in the inner one shows by the equal
				// runs below.
				if (name !== "by_tenant") expect(after[name], name).not.toEqual(before[name]);
			}
			expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
			expect(await contents(object)).toEqual(before);
			for (const map of ["ring", "perf"]) {
				expect(await client.call("events_drain", { object, map })).toEqual({
					events: [],
					lost: 0,
					more: false,
				});
			}
		}
		await client.call("object_close", { object });
	});

	it("resets before each run, so that each finds the same state", async () => {
		const object = await remembered();
		const data_in = frame(64, 5);
		const runs = Array.from({ length: 50 }, () => ({ data_in }));
		expect(await client.call("test_run", { object, program: "change", runs, reset: true })).toMatchObject({
			differs: [],
			runs: runs.map(() => ({ errno: 0, retval: XDP_TX, data_size: 63 })),
		});
		const state = await contents(object);
		expect(state[".bss"]).toEqual(["00000000:0100000000000000"]);
		expect(state.slots![0]).toBe("00000000:2900000000000000");
		const { events } = await client.call("events_drain", { object, map: "ring" });
		expect(events).toEqual([u64(1)]);
		await client.call("object_close", { object });
	});

	it("notices that a map is not as it was", async () => {
		const object = await remembered();
		const { link } = await client.call("attach", { object, program: "tick", hook: "auto" });
		expect(await client.call("object_reset", { object })).toEqual({ equal: false, differs: ["slots"] });
		const runs = [{ data_in: frame(64, 5) }];
		const stopped = await client.call("test_run", { object, program: "change", runs, reset: true });
		expect(stopped).toEqual({ runs: [], differs: ["slots"] });
		await client.call("detach", { link });
		expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		await client.call("object_close", { object });
	});

	it("resets maps in maps, and puts back one that was changed for another", async () => {
		const object = await remembered();
		const handles = async (value: Uint8Array) => {
			const attr = new Uint8Array(16);
			attr.set(value);
			return (await client.call("bpf", { cmd: 14, attr })).fd!;
		};
		const [held] = (await client.call("map_dump", { object, map: "by_tenant" })).entries;
		const inner = await handles(held!.value);
		const counted = async () => {
			const { blobs } = await client.call("bpf", {
				cmd: 1,
				attr: new Uint8Array(32),
				handles: [{ offset: 0, handle: inner }],
				blobs: [
					{ offset: 8, data: u32(0) },
					{ offset: 16, data: u64(99), out: true },
				],
			});
			return blobs[1]![0];
		};
		const runs = [{ data_in: frame(64, 5) }];
		await client.call("test_run", { object, program: "change", runs });
		expect(await counted()).toBe(1);
		expect(await client.call("object_reset", { object })).toMatchObject({ equal: true });
		expect(await counted()).toBe(0);
		await write(object, "by_tenant", [{ key: u32(0), inner: [] }]);
		expect(await client.call("object_reset", { object })).toMatchObject({ equal: true });
		expect((await client.call("map_dump", { object, map: "by_tenant" })).entries).toEqual([held]);
		await client.call("close", { handle: inner });
		await client.call("object_close", { object });
	});

	it("takes events out of ring buffers and perf event arrays", async () => {
		const object = await load(everyMap);
		await expect(client.call("events_drain", { object, map: "perf" })).rejects.toMatchObject({
			errnoName: "ENOENT",
		});
		await expect(client.call("events_watch", { object, map: "slots" })).rejects.toMatchObject({
			errnoName: "EOPNOTSUPP",
		});
		await client.call("events_watch", { object, map: "perf", pages: 1 });
		const runs = Array.from({ length: 3 }, () => ({ data_in: frame(64) }));
		await client.call("test_run", { object, program: "change", runs });
		const ring = await client.call("events_drain", { object, map: "ring" });
		expect(ring).toEqual({ events: [u64(1), u64(2), u64(3)], lost: 0, more: false });
		const perf = await client.call("events_drain", { object, map: "perf" });
		expect(perf.events.map((event) => event.subarray(0, 8))).toEqual([u64(1), u64(2), u64(3)]);

		const many = Array.from({ length: 1000 }, () => ({ data_in: frame(64) }));
		await client.call("test_run", { object, program: "change", runs: many });
		await client.call("test_run", { object, program: "change", runs });
		const flooded = await client.call("events_drain", { object, map: "perf" });
		expect(flooded.events.length).toBeGreaterThan(0);
		expect(flooded.events.length).toBeLessThan(1003);
		const full = await client.call("events_drain", { object, map: "ring" });
		expect(full.events.length).toBe(4096 / 16 - 1);
		await client.call("object_close", { object });
	});

	it("says what it cannot restore, and then that it differs", async () => {
		const object = await load(unreadable);
		const { maps } = await client.call("object_snapshot", { object });
		const unsupported = maps.filter((map) => map.how === "unsupported").map((map) => map.name);
		expect(unsupported).toEqual(["per_socket", "alarms"]);
		expect(await client.call("object_reset", { object })).toEqual({ equal: false, differs: unsupported });
		await expect(dump(object, "per_socket")).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
		await client.call("object_close", { object });
	});

	it("runs sk_lookup programs on a context alone", async () => {
		const object = await example("sk-lookup-dispatcher/sk-lookup-dispatcher.bpf.o");
		const { programs } = await client.call("object_open", { path: "/run/object.o" });
		expect(await client.call("object_snapshot", { object })).toMatchObject({
			maps: [{ how: "restored" }, { name: "listeners", how: "restored" }],
		});
		const ctx_in = new Uint8Array(72); // struct bpf_sk_lookup
		const context = new DataView(ctx_in.buffer);
		context.setUint32(8, 2, true); // AF_INET
		context.setUint32(12, 6, true); // IPPROTO_TCP
		context.setUint32(60, 8080, true); // local_port
		const runs = [{ ctx_in }];
		const answer = await client.call("test_run", { object, program: programs[0]!.name, runs, reset: true });
		const [run] = answer.runs;
		expect(answer.differs).toEqual([]);
		expect(run).toMatchObject({ errno: 0, retval: 1, data_out: new Uint8Array() });
		// Linux 5.10 has no ingress_ifindex at its end.
		expect(run!.ctx_out.subarray(8, 64)).toEqual(ctx_in.subarray(8, 64));
		await client.call("object_close", { object });
	});

	it("gives back what a syscall program wrote into its context", async () => {
		const programs = [{ name: "add", autoload: true }];
		if (id === "5.10") {
			await client.call("file_write", { path: "/run/object.o", data: everyMap });
			const opened = await client.call("object_open", { path: "/run/object.o", programs });
			const refused = { object: opened.object, log_level: 0, log_bytes: 0 };
			expect(await client.call("object_load", refused)).toMatchObject({ errno: 22 });
			await client.call("object_close", { object: opened.object });
			return;
		}
		const object = await load(everyMap, { programs });
		const runs = [{ ctx_in: u32(2, 3, 0) }, { ctx_in: u32(4, 5, 0), ctx_out_max: 0 }];
		const answer = await client.call("test_run", { object, program: "add", runs });
		expect(answer.runs.map((run) => [run.errno, run.ctx_out])).toEqual([
			[0, u32(2, 3, 5)],
			[0, new Uint8Array()],
		]);
		await client.call("object_close", { object });
	});

	it("has no test run for a type for which the kernel has none", async () => {
		const object = await example("cgroup-connect-guard/connect-guard.bpf.o");
		const { programs } = await client.call("object_open", { path: "/run/object.o" });
		const runs = [{ data_in: arp(64) }];
		const answer = await client.call("test_run", { object, program: programs[0]!.name, runs });
		expect(answer.runs).toMatchObject([{ errno: 524, retval: 0, data_out: new Uint8Array() }]);
		await client.call("object_close", { object });
	});

	it("drains events, and refuses what cannot be: no load, no snapshot", async () => {
		await client.call("file_write", {
			path: "/run/object.o",
			data: await readFile(join(root, "programs/cgroup-connect-guard/connect-guard.bpf.o")),
		});
		const { object } = await client.call("object_open", { path: "/run/object.o" });
		await expect(client.call("object_snapshot", { object })).rejects.toMatchObject({ errnoName: "EBADF" });
		await client.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		await expect(client.call("object_reset", { object })).rejects.toMatchObject({ errnoName: "ENOENT" });
		const { maps } = await client.call("object_snapshot", { object });
		expect(maps.find((map) => map.name === "events")!.how).toBe("drained");
		expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		await client.call("object_close", { object });
	});

	it("answers requests that were sent together in their order", async () => {
		const object = await example("xdp-chain/accounting.bpf.o");
		const { programs } = await client.call("object_open", { path: "/run/object.o" });
		const run = { object, program: programs[0]!.name, runs: [{ data_in: frame(64) }] };
		const [none, , one] = await Promise.all([
			client.call("map_dump", { object, map: "traffic_by_ifindex" }),
			client.call("test_run", run),
			client.call("map_dump", { object, map: "traffic_by_ifindex" }),
		]);
		expect([none.entries.length, one.entries.length]).toEqual([0, 1]);
		await client.call("object_close", { object });
	});
});
