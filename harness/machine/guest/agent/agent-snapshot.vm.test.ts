// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { frame, guestWithMaps, restorable, root, u32, u64 } from "./testmaps.js";

const XDP_TX = 3;

describe.each(["5.10", "6.12", "7.3"])("snapshots on %s", (id) => {
	const maps = guestWithMaps(id);

	it("restores every map to its snapshot", async () => {
		const object = await maps.remembered();
		const before = await maps.contents(object);
		for (let turn = 0; turn < 3; turn++) {
			const runs = [1, 5, 77].map((first) => ({ data_in: frame(64, first) }));
			const answer = await maps.call("test_run", { object, program: "change", runs });
			expect(answer.runs.map((run) => [run.errno, run.retval, run.data_size])).toEqual(
				runs.map(() => [0, XDP_TX, 63]),
			);
			const after = await maps.contents(object);
			for (const name of restorable) {
				// What is in the outer map is the same; what is in the inner one shows by the equal
				// runs below.
				if (name !== "by_tenant") expect(after[name], name).not.toEqual(before[name]);
			}
			expect(await maps.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
			expect(await maps.contents(object)).toEqual(before);
			for (const map of ["ring", "perf"]) {
				expect(await maps.call("events_drain", { object, map })).toEqual({
					events: [],
					lost: 0,
					more: false,
				});
			}
		}
		await maps.call("object_close", { object });
	});

	it("resets before each run, so that each run finds the same state", async () => {
		const object = await maps.remembered();
		const data_in = frame(64, 5);
		const runs = Array.from({ length: 50 }, () => ({ data_in }));
		expect(await maps.call("test_run", { object, program: "change", runs, reset: true })).toMatchObject({
			differs: [],
			runs: runs.map(() => ({ errno: 0, retval: XDP_TX, data_size: 63 })),
		});
		const state = await maps.contents(object);
		expect(state[".bss"]).toEqual(["00000000:0100000000000000"]);
		expect(state.slots![0]).toBe("00000000:2900000000000000");
		const { events } = await maps.call("events_drain", { object, map: "ring" });
		expect(events).toEqual([u64(1)]);
		await maps.call("object_close", { object });
	});

	it("reports a map that differs from its snapshot", async () => {
		const object = await maps.remembered();
		const { link } = await maps.call("attach", { object, program: "tick", hook: "auto" });
		expect(await maps.call("object_reset", { object })).toEqual({ equal: false, differs: ["slots"] });
		const runs = [{ data_in: frame(64, 5) }];
		const stopped = await maps.call("test_run", { object, program: "change", runs, reset: true });
		expect(stopped).toEqual({ runs: [], differs: ["slots"] });
		await maps.call("detach", { link });
		expect(await maps.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		await maps.call("object_close", { object });
	});

	it("resets inner maps, and restores one that was replaced", async () => {
		const object = await maps.remembered();
		const handles = async (value: Uint8Array) => {
			const attr = new Uint8Array(16);
			attr.set(value);
			return (await maps.call("bpf", { cmd: 14, attr })).fd!;
		};
		const [held] = (await maps.call("map_dump", { object, map: "by_tenant" })).entries;
		const inner = await handles(held!.value);
		const counted = async () => {
			const { blobs } = await maps.call("bpf", {
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
		await maps.call("test_run", { object, program: "change", runs });
		expect(await counted()).toBe(1);
		expect(await maps.call("object_reset", { object })).toMatchObject({ equal: true });
		expect(await counted()).toBe(0);
		await maps.write(object, "by_tenant", [{ key: u32(0), inner: [] }]);
		expect(await maps.call("object_reset", { object })).toMatchObject({ equal: true });
		expect((await maps.call("map_dump", { object, map: "by_tenant" })).entries).toEqual([held]);
		await maps.call("close", { handle: inner });
		await maps.call("object_close", { object });
	});

	it("lists the maps that it cannot restore, and reports them as different", async () => {
		const object = await maps.load(await maps.unreadable);
		const snapshot = await maps.call("object_snapshot", { object });
		const unsupported = snapshot.maps.filter((map) => map.how === "unsupported").map((map) => map.name);
		expect(unsupported).toEqual(["per_socket", "alarms"]);
		expect(await maps.call("object_reset", { object })).toEqual({ equal: false, differs: unsupported });
		await expect(maps.dump(object, "per_socket")).rejects.toMatchObject({ errnoName: "EOPNOTSUPP" });
		await maps.call("object_close", { object });
	});

	it("refuses a snapshot before load and a reset without a snapshot", async () => {
		await maps.call("file_write", {
			path: "/run/object.o",
			data: await readFile(join(root, "programs/cgroup-connect-guard/connect-guard.bpf.o")),
		});
		const { object } = await maps.call("object_open", { path: "/run/object.o" });
		await expect(maps.call("object_snapshot", { object })).rejects.toMatchObject({ errnoName: "EBADF" });
		await maps.call("object_load", { object, log_level: 0, log_bytes: 4096 });
		await expect(maps.call("object_reset", { object })).rejects.toMatchObject({ errnoName: "ENOENT" });
		const snapshot = await maps.call("object_snapshot", { object });
		expect(snapshot.maps.find((map) => map.name === "events")!.how).toBe("drained");
		expect(await maps.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		await maps.call("object_close", { object });
	});
});
