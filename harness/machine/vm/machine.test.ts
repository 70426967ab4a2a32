// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { GuestClient } from "../guest/client.js";
import { templateInventory } from "./machine.js";

const lists = ["netdevs", "qdiscs", "mounts", "cgroups", "pins", "keys", "processes"];
const objects = ["programs", "maps", "links", "btfs"];
const empty = Object.fromEntries([...lists, ...objects].map((name) => [name, []]));

it("asks the first clone only, and again when the note is damaged", async () => {
	const folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	const file = join(folder, "inventory.json");
	let asked = 0;
	const call = async () => ({ ...empty, netdevs: [`lo${++asked}`] });
	const client = { call } as unknown as GuestClient;
	try {
		for (let clone = 0; clone < 2; clone++)
			expect((await templateInventory(file, client)).netdevs).toEqual(["lo1"]);
		for (const damage of ["{", JSON.stringify({ ...empty, pins: 1 })]) {
			await writeFile(file, damage);
			expect((await templateInventory(file, client)).netdevs).toEqual([`lo${asked}`]);
		}
		expect(asked).toBe(3);
	} finally {
		await rm(folder, { recursive: true });
	}
});
