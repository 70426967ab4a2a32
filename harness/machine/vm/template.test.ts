// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sha256 } from "../../base/host-files.js";
import { sound } from "./template.js";

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	await writeFile(join(folder, "ram"), "ram");
	await writeFile(join(folder, "state"), "state");
	await writeFile(join(folder, "template.json"), JSON.stringify(await record()));
});
afterEach(() => rm(folder, { recursive: true }));

async function record(): Promise<Record<string, unknown>> {
	const { size, mtimeNs } = await stat(join(folder, "ram"), { bigint: true });
	return {
		...{ format: "bpfgate/template", version: 1, kernel: "6.12", image: "/nowhere/image" },
		...{ state_sha256: sha256("state"), ram_bytes: Number(size), ram_mtime: String(mtimeNs) },
	};
}

it("an unchanged template is sound, and marked as in use", async () => {
	const path = join(folder, "template.json");
	await utimes(path, 1, 1);
	const [ram, state] = ["ram", "state"].map((name) => join(folder, name));
	const [inventory, view] = ["inventory.json", "view.json"].map((name) => join(folder, name));
	expect(await sound(folder)).toEqual({ ram, state, inventory, view });
	expect((await stat(path)).mtimeMs).toBeGreaterThan(1000);
});

it.each<[string, () => Promise<void>]>([
	["lost its device state", () => rm(join(folder, "state"))],
	["has other device state", () => writeFile(join(folder, "state"), "rubbish")],
	["lost its RAM", () => rm(join(folder, "ram"))],
	["has RAM that was written to", () => utimes(join(folder, "ram"), 1, 1)],
	["has less RAM", () => writeFile(join(folder, "ram"), "")],
	["lost its record", () => rm(join(folder, "template.json"))],
	["has a damaged record", () => writeFile(join(folder, "template.json"), "{")],
	[
		"has a record of a later version",
		async () => writeFile(join(folder, "template.json"), JSON.stringify({ ...(await record()), version: 2 })),
	],
])("one that %s is not", async (_, damage) => {
	await damage();
	expect(await sound(folder)).toBeUndefined();
});
