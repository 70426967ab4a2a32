// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { GuestClient } from "../client.js";
import type { Inventory } from "../operations.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({
	agent: (arch) => join(root, "build/agent", arch, "agent"),
	accelerator: "tcg",
});

/** What `now` has and `before` does not. */
function added(before: Inventory, now: Inventory): string[] {
	return Object.entries(now).flatMap(([kind, items]) => {
		const known = new Set(before[kind as keyof Inventory].map((item) => JSON.stringify(item)));
		return items.filter((item) => !known.has(JSON.stringify(item))).map(() => kind);
	});
}

/** `union bpf_attr` of the given 32-bit words, padded with zeroes. */
function attr(...words: number[]): Uint8Array {
	const bytes = new Uint8Array(72);
	for (const [index, word] of words.entries()) new DataView(bytes.buffer).setUint32(index * 4, word, true);
	return bytes;
}

describe.each(["5.10", "6.12", "7.3"])("the agent on %s", (id) => {
	let guest: Guest;
	let client: GuestClient;
	let fresh: Inventory;

	beforeAll(async () => {
		guest = await machines.clone(await openKernel(id));
		client = guest.client;
		for (const name of ["veth", "sch_ingress", "cls_bpf"]) {
			expect((await client.call("module_load", { name })).state).not.toBe("refused");
		}
		fresh = await client.call("inventory", {});
	});

	afterAll(() => guest.dispose());

	async function loaded(file: string): Promise<{ object: number; program: string }> {
		const data = await readFile(join(root, "programs", file));
		await client.call("file_write", { path: "/run/object.o", data });
		const { object, programs } = await client.call("object_open", { path: "/run/object.o" });
		const load = await client.call("object_load", { object, log_level: 4, log_bytes: 4096 });
		expect(load.errno, load.log).toBe(0);
		expect(load.programs[0]!.info!.load_cpu_ns).toBeGreaterThan(0);
		expect(load.programs[0]!.log).toContain("processed");
		return { object, program: programs[0]!.name };
	}

	async function clean(): Promise<void> {
		expect(added(fresh, await client.call("inventory", { settle: true }))).toEqual([]);
	}

	it("attaches to clsact, and removes the qdisc that it created with the last filter", async () => {
		const { ifindex, peer_ifindex } = await client.call("netdev_add", {
			kind: "veth",
			name: "t0",
			peer: "t1",
			up: true,
		});
		expect(peer_ifindex).not.toBe(ifindex);
		const { object, program } = await loaded("tc-marker/tc-marker.bpf.o");
		const before = await client.call("inventory", {});
		const links = [];
		for (const hook of ["tc_ingress", "tc_egress"]) {
			links.push((await client.call("attach", { object, program, hook, ifindex })).link);
		}
		expect(added(before, await client.call("inventory", {}))).toEqual(["qdiscs"]);
		await client.call("detach", { link: links[0]! });
		expect(added(before, await client.call("inventory", {}))).toEqual(["qdiscs"]);
		await client.call("detach", { link: links[1]! });
		expect(added(before, await client.call("inventory", {}))).toEqual([]);
		await client.call("object_close", { object });
		await client.call("netdev_del", { name: "t0" });
		await clean();
	});

	it("attaches to a cgroup with a link that the inventory lists", async () => {
		const { path } = await client.call("cgroup_add", { name: "test" });
		const { object, program } = await loaded("cgroup-connect-guard/connect-guard.bpf.o");
		const { link, id: linkId } = await client.call("attach", { object, program, hook: "cgroup", path });
		const { links, cgroups } = await client.call("inventory", {});
		expect(links.map((each) => each.id)).toContain(linkId);
		expect(cgroups).toContain(path);
		await expect(client.call("detach", { link: link + 1 })).rejects.toMatchObject({ errnoName: "EBADF" });
		await client.call("detach", { link });
		await client.call("object_close", { object });
		await client.call("cgroup_del", { name: "test" });
		await clean();
	});

	it("refuses an unknown hook and an unknown program by name", async () => {
		const { object, program } = await loaded("tc-marker/tc-marker.bpf.o");
		await expect(client.call("attach", { object, program, hook: "lwt" })).rejects.toMatchObject({
			errnoName: "EOPNOTSUPP",
		});
		await expect(client.call("attach", { object, program: "nope", hook: "auto" })).rejects.toMatchObject({
			errnoName: "ENOENT",
		});
		await client.call("object_close", { object });
	});

	it("creates, writes and reads a map with bpf(2)", async () => {
		const made = await client.call("bpf", { cmd: 0, attr: attr(2, 4, 8, 4) });
		expect(made).toMatchObject({ errno: 0, fd: expect.any(Number) });
		const handles = [{ offset: 0, handle: made.fd! }];
		const key = { offset: 8, data: new Uint8Array(4) };
		const value = { offset: 16, data: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
		const element = { attr: attr().subarray(0, 32), handles };
		expect(await client.call("bpf", { cmd: 2, ...element, blobs: [key, value] })).toMatchObject({ ret: 0 });
		const read = { offset: 16, data: new Uint8Array(8), out: true };
		const lookup = await client.call("bpf", { cmd: 1, ...element, blobs: [key, read] });
		expect([...lookup.blobs[1]!]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
		expect((await client.call("bpf", { cmd: 4711, attr: attr() })).errno).toBeGreaterThan(0);
		await client.call("close", { handle: made.fd! });
		await expect(client.call("close", { handle: made.fd! })).rejects.toMatchObject({ errnoName: "EBADF" });
		await clean();
	});

	it("probes types and helpers", async () => {
		const probe = await client.call("probe", {
			program_types: [6],
			map_types: [2, 200],
			helpers: [{ program_type: 6, from: 1, to: 5 }],
		});
		expect(probe.program_types).toEqual([1]);
		expect(probe.map_types[0]).toBe(1);
		expect(probe.map_types[1]).not.toBe(1);
		expect(probe.helpers).toEqual([[1, 1, 1, 0]]);
	});

	it("refuses a file that is not an ELF object", async () => {
		await client.call("file_write", { path: "/run/text.o", data: new Uint8Array(100) });
		await expect(client.call("object_open", { path: "/run/text.o" })).rejects.toMatchObject({
			log: expect.stringContaining("libbpf"),
		});
		await client.call("file_remove", { path: "/run/text.o" });
	});
});
