// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { alive, makersPrefix, removeAbandoned } from "./abandoned.js";
import { withTemporaryFolder } from "./host-files.js";

/** Beyond the largest process id, proc(5). */
const unused = 4194304;

let folder: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
});
afterEach(() => rm(folder, { recursive: true }));

it("distinguishes running from ended processes", () => {
	expect(alive(process.pid)).toBe(true);
	expect(alive(1)).toBe(true);
	expect(alive(unused)).toBe(false);
});

it("removes what ended processes left, and nothing else", async () => {
	const kept = [`${makersPrefix("x-")}a`, "x-abc", `x-${unused}`, `y-${unused}-a`, `${unused}-a`];
	for (const name of [...kept, `x-${unused}-a`]) await mkdir(join(folder, name));
	await writeFile(join(folder, `x-${unused}-a`, "image"), "half");
	await removeAbandoned(folder, "x-");
	expect((await readdir(folder)).sort()).toEqual(kept.sort());
});

it("runs where the next temporary folder is created", async () => {
	await mkdir(join(folder, `bpfgate-${unused}-a`));
	const outer = withTemporaryFolder(async (mine) => {
		await withTemporaryFolder(async () => {}, folder);
		expect(await readdir(folder)).toEqual([mine.slice(folder.length + 1)]);
	}, folder);
	await outer;
	expect(await readdir(folder)).toEqual([]);
});
