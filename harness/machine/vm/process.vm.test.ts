// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../../base/abandoned.js";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
let scratch: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	execaSync("npx", ["tsc", "-b"], { cwd: checkout });
});

afterAll(async () => {
	for (const child of children) child.kill("SIGKILL");
	await rm(scratch, { recursive: true, force: true });
});

async function runner() {
	const child = spawn(process.execPath, [join(checkout, "dist/machine/vm/testrunner.js"), scratch], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	children.push(child);
	const [line] = await once(child.stdout!, "data");
	const { pid, folder } = JSON.parse(String(line)) as { pid: number; folder: string };
	expect(alive(pid)).toBe(true);
	expect(existsSync(folder)).toBe(true);
	return { child, pid, folder };
}

const gone = (pid: number) => expect.poll(() => alive(pid)).toBe(false);

describe("a runner that is ended", () => {
	it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
		"by %s leaves no process and no folder",
		async (signal) => {
			const { child, pid, folder } = await runner();
			child.kill(signal);
			expect(await once(child, "exit")).toEqual([null, signal]);
			await gone(pid);
			expect(existsSync(folder)).toBe(false);
		},
	);

	it("by SIGKILL leaves no process", async () => {
		const { child, pid } = await runner();
		child.kill("SIGKILL");
		await gone(pid);
	});
});
