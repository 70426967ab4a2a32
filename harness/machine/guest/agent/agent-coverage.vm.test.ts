// SPDX-License-Identifier: Apache-2.0

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { machine, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { GuestClient } from "../client.js";
import { findTool } from "../tool.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({ agent: (arch) => join(root, "build/agent", arch, "agent") });

async function compile(...flags: string[]): Promise<Uint8Array> {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	const object = join(folder, "coverage.bpf.o");
	const libbpf = join(root, "build/libbpf");
	try {
		await execa(await findTool("clang"), [
			...["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Werror", ...flags],
			...["-isystem", join(libbpf, "include"), "-isystem", join(libbpf, "uapi")],
			...["-idirafter", `/usr/include/${machine()}-linux-gnu`],
			...["-c", join(import.meta.dirname, "testdata/testcoverage.bpf.c"), "-o", object],
		]);
		return await readFile(object);
	} finally {
		await rm(folder, { recursive: true });
	}
}

describe.each(["5.10", "6.12", "7.3"])("coverage read by the agent on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let plain: Uint8Array;
	let many: Uint8Array;

	beforeAll(async () => {
		[plain, many] = [await compile(), await compile("-DMANY_MAPS")];
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
	});
	afterAll(() => guest.dispose());

	async function load(data: Uint8Array, coverage?: boolean): Promise<number> {
		await client.call("file_write", { path: "/run/object.o", data });
		const { object } = await client.call("object_open", { path: "/run/object.o" });
		const given = coverage === undefined ? {} : { coverage };
		const done = await client.call("object_load", { object, log_level: 4, log_bytes: 4096, ...given });
		expect(done.errno, done.log).toBe(0);
		await client.call("object_snapshot", { object });
		return object;
	}

	async function retvals(object: number, program: string, ...first: number[]): Promise<number[]> {
		const runs = first.map((byte) => ({ data_in: new Uint8Array(64).fill(byte) }));
		return (await client.call("test_run", { object, program, runs })).runs.map(({ retval }) => retval);
	}

	async function states(object: number, program: string): Promise<number[]> {
		const { programs } = await client.call("coverage_read", { object });
		const found = programs.find(({ name }) => name === program);
		if (!found || "obstacle" in found) throw new Error(found?.obstacle ?? "not there");
		return [...found.reached];
	}

	it("grows with each run, survives a reset, and leaves nothing behind", async () => {
		const before = await client.call("inventory", { settle: true });
		const object = await load(plain, true);
		const none = await states(object, "two_ways");
		expect(none.length).toBeGreaterThan(3);
		expect(new Set(none)).toEqual(new Set([0]));
		expect(await retvals(object, "two_ways", 1)).toEqual([2]);
		const one = await states(object, "two_ways");
		expect(await client.call("object_reset", { object })).toEqual({ equal: true, differs: [] });
		expect(await states(object, "two_ways")).toEqual(one);
		expect(await retvals(object, "two_ways", 2)).toEqual([2]);
		const both = await states(object, "two_ways");
		const count = (list: number[]) => list.filter((state) => state === 1).length;
		expect(count(one)).toBeGreaterThan(0);
		expect(count(both)).toBeGreaterThan(count(one));
		for (const [index, state] of one.entries()) expect(both[index]).toBeGreaterThanOrEqual(state);
		await client.call("object_close", { object });
		expect(await client.call("inventory", { settle: true })).toEqual(before);
	});

	it("does not change what the program does", async () => {
		const contents: string[] = [];
		for (const coverage of [false, true]) {
			const object = await load(plain, coverage);
			await retvals(object, "two_ways", 1, 2, 1, 9);
			const { entries } = await client.call("map_dump", { object, map: ".bss" });
			contents.push(entries.map(({ value }) => Buffer.from(value).toString("hex")).join());
			await client.call("object_close", { object });
		}
		expect(contents[0]).toMatch(/[1-9]/);
		expect(contents[1]).toBe(contents[0]);
	});

	it("is empty for an object that was loaded without it", async () => {
		const object = await load(plain);
		expect(await client.call("coverage_read", { object })).toEqual({ programs: [] });
		await client.call("object_close", { object });
		await expect(client.call("coverage_read", { object })).rejects.toMatchObject({ errno: 9 });
	});

	it("is refused by the kernel when the map of the probes exceeds its limit; the program then runs without them", async () => {
		const object = await load(many, true);
		const { programs } = await client.call("coverage_read", { object });
		expect(programs.find(({ name }) => name === "many_maps")).toMatchObject({
			obstacle: expect.stringMatching(/^the kernel refuses it with probes: Argument list too long/),
		});
		expect(programs.find(({ name }) => name === "two_ways")).not.toHaveProperty("obstacle");
		expect(await retvals(object, "many_maps", 0)).toEqual([2]);
		await client.call("object_close", { object });
	});
});
