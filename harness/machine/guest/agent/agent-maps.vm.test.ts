// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frame, guestWithMaps, root, u32, u64 } from "./testmaps.js";

describe.each(["5.10", "6.12", "7.3"])("maps on %s", (id) => {
	const maps = guestWithMaps(id);

	it("writes, reads and deletes entries of each kind of map", async () => {
		const object = await maps.load(await maps.everyMap);
		const cpus = (await maps.call("map_dump", { object, map: "per_cpu" })).cpus;
		expect(cpus).toBe(maps.guest.greeting.cpus);

		expect(await maps.write(object, "slots", [{ key: u32(3), value: u64(9) }])).toEqual([0]);
		expect((await maps.dump(object, "slots"))[3]).toBe("03000000:0900000000000000");
		expect(await maps.write(object, "slots", [{ key: u32(8), value: u64(9) }])).not.toEqual([0]);
		expect(await maps.write(object, "slots", [{ key: u32(3), value: u32(9) }])).toEqual([22]);

		const flow = { key: u32(5), value: u64(6), flags: 1 };
		expect(await maps.write(object, "flows", [flow, flow])).toEqual([0, 17]);
		expect(await maps.dump(object, "flows")).toEqual(["05000000:0600000000000000"]);
		const keys = [u32(5), u32(5), u64(5)];
		expect(await maps.call("map_delete", { object, map: "flows", keys })).toEqual({ errnos: [0, 2, 22] });
		expect(await maps.dump(object, "flows")).toEqual([]);

		expect(await maps.write(object, "per_cpu", [{ key: u32(1), value: u32(4) }])).toEqual([0]);
		expect(await maps.dump(object, "per_cpu")).toEqual([`01000000:${"0400000000000000".repeat(cpus)}`]);

		for (const map of ["queue", "stack"]) {
			expect(await maps.write(object, map, [{ value: u32(1) }, { value: u32(2) }])).toEqual([0, 0]);
			const inOrder = async () =>
				(await maps.call("map_dump", { object, map })).entries.map((entry) => entry.value[0]);
			expect(await inOrder()).toEqual(map === "queue" ? [1, 2] : [2, 1]);
			expect(await inOrder()).toEqual(map === "queue" ? [1, 2] : [2, 1]);
		}
		expect(await maps.dump(object, ".bss")).toEqual(["00000000:0000000000000000"]);
		await expect(maps.dump(object, "ring")).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
		await expect(maps.dump(object, "nope")).rejects.toMatchObject({ errnoName: "ENOENT" });
		await maps.call("object_close", { object });
	});

	it("creates inner maps of maps of maps", async () => {
		const file = "lsm-guard/lsm-guard.bpf.o";
		const inner = { type: 1, key_size: 16, value_size: 1, max_entries: 1024 };
		const data = await readFile(join(root, "programs", file));
		await maps.call("file_write", { path: "/run/object.o", data });
		const { object, programs } = await maps.call("object_open", {
			path: "/run/object.o",
			maps: [{ name: "denied_by_cgroup", inner }],
		});
		await maps.call("object_close", { object });
		const opened = await maps.example(file, {
			maps: [{ name: "denied_by_cgroup", inner }],
			programs: programs.map(({ name }) => ({ name, autoload: false })),
		});
		const entries = [
			{ key: u64(1), inner: [{ key: u64(1, 2), value: Uint8Array.of(1) }] },
			{ key: u64(2), inner: [] },
			{ key: u64(3), inner: [{ key: u32(1), value: Uint8Array.of(1) }] },
		];
		expect(await maps.write(opened, "denied_by_cgroup", entries)).toEqual([0, 0, 22]);
		expect(await maps.dump(opened, "denied_by_cgroup")).toHaveLength(2);
		await maps.call("object_close", { object: opened });

		const declared = await maps.load(await maps.everyMap);
		const tenant = [{ key: u32(0), inner: [{ key: u32(1), value: u64(5) }] }];
		expect(await maps.write(declared, "by_tenant", tenant)).toEqual([0]);
		const [held] = (await maps.call("map_dump", { object: declared, map: "by_tenant" })).entries;
		expect(await maps.write(declared, "by_tenant", [{ key: u32(1), value: held!.value }])).toEqual([0]);
		expect(await maps.dump(declared, "by_tenant")).toHaveLength(2);
		await maps.call("object_close", { object: declared });
	});

	it("drains ring buffers and perf event arrays", async () => {
		const object = await maps.load(await maps.everyMap);
		await expect(maps.call("events_drain", { object, map: "perf" })).rejects.toMatchObject({
			errnoName: "ENOENT",
		});
		await expect(maps.call("events_watch", { object, map: "slots" })).rejects.toMatchObject({
			errnoName: "EOPNOTSUPP",
		});
		await maps.call("events_watch", { object, map: "perf", pages: 1 });
		const runs = Array.from({ length: 3 }, () => ({ data_in: frame(64) }));
		await maps.call("test_run", { object, program: "change", runs });
		const ring = await maps.call("events_drain", { object, map: "ring" });
		expect(ring).toEqual({ events: [u64(1), u64(2), u64(3)], lost: 0, more: false });
		const perf = await maps.call("events_drain", { object, map: "perf" });
		expect(perf.events.map((event) => event.subarray(0, 8))).toEqual([u64(1), u64(2), u64(3)]);

		const many = Array.from({ length: 1000 }, () => ({ data_in: frame(64) }));
		await maps.call("test_run", { object, program: "change", runs: many });
		await maps.call("test_run", { object, program: "change", runs });
		const flooded = await maps.call("events_drain", { object, map: "perf" });
		expect(flooded.events.length).toBeGreaterThan(0);
		expect(flooded.events.length).toBeLessThan(1003);
		const full = await maps.call("events_drain", { object, map: "ring" });
		expect(full.events.length).toBe(4096 / 16 - 1);
		await maps.call("object_close", { object });
	});

	it("answers requests that were sent together in order", async () => {
		const object = await maps.example("xdp-chain/accounting.bpf.o");
		const { programs } = await maps.call("object_open", { path: "/run/object.o" });
		const run = { object, program: programs[0]!.name, runs: [{ data_in: frame(64) }] };
		const [none, , one] = await Promise.all([
			maps.call("map_dump", { object, map: "traffic_by_ifindex" }),
			maps.call("test_run", run),
			maps.call("map_dump", { object, map: "traffic_by_ifindex" }),
		]);
		expect([none.entries.length, one.entries.length]).toEqual([0, 1]);
		await maps.call("object_close", { object });
	});
});
