// SPDX-License-Identifier: Apache-2.0
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { locked } from "./lock.js";

let folder: string;
let path: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	path = join(folder, "lock");
});
afterEach(() => rm(folder, { recursive: true }));

it("admits one after the other, also after a failure", async () => {
	const order: string[] = [];
	const turn = (name: string) =>
		locked({ path, patience: 10_000 }, async () => {
			order.push(`${name} in`);
			await new Promise((done) => setTimeout(done, 10));
			order.push(`${name} out`);
			if (name === "a") throw new Error("a failed");
		});
	const turns = await Promise.allSettled([turn("a"), turn("b")]);
	expect(turns.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
	expect(order.map((step) => step.split(" ")[1])).toEqual(["in", "out", "in", "out"]);
	expect(existsSync(path)).toBe(false);
});

it("takes over from an ended owner, and from one that takes too long", async () => {
	await writeFile(path, "4194304"); // Beyond the largest process id, proc(5).
	expect(await locked({ path, patience: 10_000 }, async () => "done")).toBe("done");
	await writeFile(path, String(process.pid));
	expect(await locked({ path, patience: 50 }, async () => "done")).toBe("done");
});

it("stops waiting when it is aborted", async () => {
	await writeFile(path, String(process.pid));
	const waiting = locked({ path, patience: 60_000, signal: AbortSignal.timeout(50) }, async () => "done");
	await expect(waiting).rejects.toMatchObject({ name: "TimeoutError" });
});
