// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { alive, makersPrefix, removeAbandoned } from "./abandoned.js";
import { withTemporaryFolder } from "./host-files.js";

/** Beyond the largest process id, proc(5). */
const nobody = 4194304;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("knows the living from the dead", () => {
	expect(alive(process.pid)).toBe(true);
	expect(alive(1)).toBe(true);
	expect(alive(nobody)).toBe(false);
});

it("removes what the dead left, and nothing else", async () => {
	const kept = [`${makersPrefix("x-")}a`, "x-abc", `x-${nobody}`, `y-${nobody}-a`, `${nobody}-a`];
	for (const name of [...kept, `x-${nobody}-a`]) await mkdir(join(folder, name));
	await writeFile(join(folder, `x-${nobody}-a`, "image"), "half");
	await removeAbandoned(folder, "x-");
	expect((await readdir(folder)).sort()).toEqual(kept.sort());
});

it("happens where the next temporary folder is made", async () => {
	await mkdir(join(folder, `bpfgate-${nobody}-a`));
	const outer = withTemporaryFolder(async (mine) => {
		await withTemporaryFolder(async () => {}, folder);
		expect(await readdir(folder)).toEqual([mine.slice(folder.length + 1)]);
	}, folder);
	await outer;
	expect(await readdir(folder)).toEqual([]);
});
