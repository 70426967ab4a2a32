// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { GuestClient } from "../client.js";
import type { Args, MapChange, Result } from "../operations.js";
import { compileObject } from "./testobject.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({
	agent: (arch) => join(root, "build/agent", arch, "agent"),
	accelerator: "tcg",
});

const E2BIG = 7;
const maps = ["slots", "flows", "recent", "per_cpu", "queue", "stack", ".bss"];
const events = ["ring", "perf"];
type Case = Args<"replay">["cases"][number];
type Content = Map<string, string>;

const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
const u64 = (value: number) => new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const frame = (first: number) => Uint8Array.of(first, ...new Uint8Array(63));
const values = (drained: Result<"events_drain">) => drained.events.map((event) => hex(event.subarray(0, 8)));

/** Fills and packets that change, add and remove entries, and some that change nothing. */
const cases: Case[] = [
	{ program: 0, runs: [{ run: { data_in: frame(1) }, look: true }] },
	{ program: 0, runs: [] },
	{
		program: 0,
		fills: [
			{ map: "flows", entries: [1000, 2000].map((key) => ({ key: u32(key), value: u64(key) })) },
			{ map: "slots", entries: [{ key: u32(5), value: u64(55) }] },
			{ map: "queue", entries: [{ value: u32(9) }] },
		],
		runs: [
			{ run: { data_in: frame(2), repeat: 3 }, look: true },
			{ run: { data_in: frame(3) } },
			{ run: { data_in: frame(4) }, look: true },
		],
	},
	{ program: 0, runs: [{ run: { data_in: frame(1) }, look: true }] },
];

describe.each(["5.10", "6.12", "7.3"])("replay on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let object: number;

	beforeAll(async () => {
		const data = await compileObject();
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
		await client.call("file_write", { path: "/run/object.o", data });
		({ object } = await client.call("object_open", { path: "/run/object.o" }));
		expect((await client.call("object_load", { object, log_level: 0, log_bytes: 4096 })).errno).toBe(0);
		await client.call("map_write", { object, map: "flows", entries: [{ key: u32(7), value: u64(7) }] });
		await client.call("map_write", { object, map: "queue", entries: [{ value: u32(1) }] });
		for (const map of events) await client.call("events_watch", { object, map });
		await client.call("object_snapshot", { object });
	});

	afterAll(() => guest.dispose());

	const replay = (list: Case[]) =>
		client.call("replay", { object, programs: ["change"], maps, events, cases: list });

	async function contents(): Promise<Content[]> {
		return Promise.all(
			maps.map(async (map) => {
				const { entries } = await client.call("map_dump", { object, map });
				const keyless = entries[0]?.key.length === 0;
				return new Map(entries.map(({ key, value }, at) => [keyless ? String(at) : hex(key), hex(value)]));
			}),
		);
	}

	/** What maps hold according to a list of changes. */
	function applied(snapshot: Content[], changes: MapChange[] = []): Content[] {
		const now = snapshot.map((content) => new Map(content));
		for (const { map, count, keys, values: row, gone, whole, truncated } of changes) {
			expect(truncated).toBe(false);
			expect(whole).toBe(["queue", "stack"].includes(maps[map]!));
			if (whole) now[map]!.clear();
			const [key, value] = [keys.length / count, row.length / count];
			for (let at = 0; at < count; at++)
				now[map]!.set(
					whole ? String(at) : hex(keys.subarray(at * key, (at + 1) * key)),
					hex(row.subarray(at * value, (at + 1) * value)),
				);
			for (let at = 0; at < gone.length; at += 4) now[map]!.delete(hex(gone.subarray(at, at + 4)));
		}
		return now;
	}

	it("gives the same results as the single operations in turn", async () => {
		const snapshot = await contents();
		const answer = await replay(cases);
		expect([answer.equal, answer.differs, answer.cases.length]).toEqual([true, [], cases.length]);
		for (const [index, { fills = [], runs }] of cases.entries()) {
			const said = answer.cases[index]!;
			const errnos = [];
			for (const fill of fills) errnos.push((await client.call("map_write", { object, ...fill })).errnos);
			expect(said.errnos ?? []).toEqual(errnos);
			const before = applied(snapshot, said.before);
			expect(before).toEqual(await contents());
			expect(said.runs.length).toBe(runs.length);
			for (const [at, { run, look }] of runs.entries()) {
				const alone = (await client.call("test_run", { object, program: "change", runs: [run] })).runs[0]!;
				expect({ ...said.runs[at]!.run, duration_ns: 0 }).toEqual({ ...alone, duration_ns: 0 });
				if (look) expect(applied(before, said.runs[at]!.maps)).toEqual(await contents());
				else expect(said.runs[at]).not.toHaveProperty("maps");
				for (const [number, map] of events.entries()) {
					const drained = await client.call("events_drain", { object, map });
					expect(values(said.runs[at]!.events![number]!)).toEqual(values(drained));
					expect(values(drained).length).toBeGreaterThan(0);
				}
			}
			expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
			expect(await contents()).toEqual(snapshot);
		}
	});

	it("leaves out maps that did not change", async () => {
		const { cases: said } = await replay([
			{ program: 0, fills: [{ map: "slots", entries: [{ key: u32(0), value: u64(0) }] }], runs: [] },
		]);
		// Queues and stacks are always told whole: their content has no keys to compare by.
		expect(said[0]?.before?.map(({ map }) => maps[map])).toEqual(["queue", "stack"]);
	});

	it("skips the runs of a case whose fill failed, and continues with the next", async () => {
		const entries = [{ key: u32(8), value: u64(1) }];
		const { cases: said, equal } = await replay([
			{ program: 0, fills: [{ map: "slots", entries }], runs: [{ run: { data_in: frame(1) } }] },
			{ program: 0, runs: [{ run: { data_in: frame(1) } }] },
		]);
		expect(equal).toBe(true);
		expect(said.map(({ errnos, runs }) => [errnos ?? [], runs.length])).toEqual([
			[[[E2BIG]], 0],
			[[], 1],
		]);
	});

	it("ends at the first case that cannot be reset, and runs none until a reset succeeds", async () => {
		const { link } = await client.call("attach", { object, program: "tick", hook: "auto" });
		const plain = { program: 0, runs: [{ run: { data_in: frame(1) } }] };
		const spoilt = await replay([plain, plain, plain]);
		expect([spoilt.cases.length, spoilt.equal, spoilt.differs]).toEqual([1, false, ["slots"]]);
		expect(await replay([plain])).toMatchObject({ cases: [], equal: false });
		await client.call("detach", { link });
		expect(await replay([plain])).toMatchObject({ cases: [], equal: false });
		expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		expect((await replay([plain, plain])).cases.length).toBe(2);
	});

	it("ends a long answer between two cases", async () => {
		const run = { run: { data_in: new Uint8Array(3000).fill(1) } };
		const list: Case[] = Array.from({ length: 20 }, () => ({ program: 0, runs: Array(200).fill(run) }));
		const { cases: said, equal } = await replay(list);
		expect(equal).toBe(true);
		const bytes = said.map(({ runs }) => runs.reduce((sum, each) => sum + each.run.data_out.length, 0));
		expect(bytes).toEqual(bytes.map(() => 200 * 2999));
		expect([bytes.length > 10, bytes.length < list.length]).toEqual([true, true]);
	});

	it("refuses unknown names, and leaves the maps unchanged", async () => {
		const snapshot = await contents();
		const call = (change: Partial<Args<"replay">>) =>
			client.call("replay", { object, programs: ["change"], maps, events, cases: [], ...change });
		await expect(call({ programs: ["nope"] })).rejects.toMatchObject({ errnoName: "ENOENT" });
		await expect(call({ maps: ["nope"] })).rejects.toMatchObject({ errnoName: "ENOENT" });
		await expect(call({ events: ["slots"] })).rejects.toMatchObject({ errnoName: "ENOENT" });
		const change = { run: { data_in: frame(1) } };
		for (const wrong of [
			{ program: 1, runs: [] },
			{ program: 0, runs: [change, { run: { data_out_max: 1 << 30 } }] },
			{ program: 0, runs: [], fills: [{ map: "slots", entries: [{ key: u32(0), flags: -1 }] }] },
		])
			await expect(replay([{ program: 0, runs: [change] }, wrong])).rejects.toMatchObject({
				errnoName: "EINVAL",
			});
		expect(await contents()).toEqual(snapshot);
		expect((await replay(cases)).equal).toBe(true);
	});
});
