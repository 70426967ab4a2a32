// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programTypes } from "../../../base/bpf.js";
import { compileBpf } from "../../guest/agent/testobject.js";
import { agentPath } from "../../guest/build.js";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../guest.js";
import { Machines } from "../machine.js";
import type { KernelObjects } from "./kernel-objects.js";

const source = join(import.meta.dirname, "testdata/honest-tracer.bpf.c");
const machines = new Machines({ agent: agentPath });
/** What the agent's inventory has too. */
const listed = ({ programs, maps, links }: KernelObjects) => ({
	programs: programs.map(({ id, type, name }) => ({ id, type, name })),
	maps,
	links: links.map(({ id, type }) => ({ id, type })),
});

describe.each([
	["clone", "5.10"],
	["clone", "6.12"],
	["clone", "7.3"],
	["boot", "7.3"],
] as const)("the host's view of a %s of %s", (how, id) => {
	let guest: Guest;
	beforeAll(async () => {
		guest = await machines[how](await openKernel(id));
	});
	afterAll(() => guest.dispose());

	it("shows what bpf() shows, without the guest", async () => {
		const { client } = guest;
		const fresh = await guest.view();
		expect(fresh).toEqual({ programs: [], maps: [], links: [] });
		await client.call("file_write", { path: "/run/x.o", data: await compileBpf(source) });
		const { object } = await client.call("object_open", { path: "/run/x.o" });
		const { programs } = await client.call("object_load", { object, log_level: 0, log_bytes: 0 });
		const { info } = programs[0]!;
		const { link, id: linkId } = await client.call("attach", {
			object,
			program: "count_calls",
			hook: "auto",
		});
		const before = client.traffic.sent;
		const seen = await guest.view();
		expect(client.traffic.sent).toBe(before);
		const { programs: inPrograms, maps, links } = await client.call("inventory", {});
		expect(listed(seen)).toEqual({ programs: inPrograms, maps, links });
		expect(maps.map(({ name }) => name)).toContain("calls");
		expect(seen.links).toEqual([{ id: linkId, type: 1, program: info!.id }]);
		expect(seen.programs).toEqual([
			{
				id: info!.id,
				type: programTypes.number("raw_tracepoint"),
				name: "count_calls",
				tag: info!.tag,
				instructions: info!.xlated_bytes / 8,
				jited: info!.jited_bytes,
				...(info!.verified_insns === undefined ? {} : { verified: info!.verified_insns }),
			},
		]);
		await client.call("detach", { link });
		await client.call("object_close", { object });
		await client.call("inventory", { settle: true });
		expect(await guest.view()).toEqual(fresh);
	});

	it("shows hundreds of maps in the order of their ids", async () => {
		const { client } = guest;
		for (let made = 0; made < 300; made++)
			await client.call("bpf", { cmd: 0, attr: new Uint8Array(new Uint32Array([2, 4, 4, 1]).buffer) });
		const { maps } = await client.call("inventory", {});
		expect(maps.length).toBe(300);
		expect((await guest.view()).maps).toEqual(maps);
	});
});

it("is not given of a guest that has ended", async () => {
	const guest = await machines.clone(await openKernel("7.3"));
	await guest.dispose();
	await expect(guest.view()).rejects.toMatchObject({ code: "guest-died" });
});
