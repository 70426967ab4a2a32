// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../../base/abandoned.js";
import { architecture } from "./architecture.js";
import type { InstanceOptions } from "./instance.js";
import { bootKit } from "./testkit.js";

let scratch: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	await build({
		configFile: false,
		logLevel: "silent",
		ssr: { noExternal: true },
		build: { ssr: join(import.meta.dirname, "testrunner.ts"), outDir: scratch, emptyOutDir: false },
	});
});

afterAll(async () => {
	for (const child of children) child.kill("SIGKILL");
	await rm(scratch, { recursive: true, force: true });
});

async function runner(options?: InstanceOptions, env: NodeJS.ProcessEnv = process.env) {
	const args = options === undefined ? [] : [JSON.stringify(options)];
	const child = spawn(process.execPath, [join(scratch, "testrunner.js"), scratch, ...args], {
		stdio: ["ignore", "pipe", "inherit"],
		env,
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

	it("by SIGKILL leaves no process even where setpriv is missing: the agent switches off", async () => {
		const kit = await bootKit("5.10");
		const { qemu: name } = architecture(kit.arch);
		await symlink(execaSync("which", [name]).stdout, join(scratch, name));
		const { child, pid } = await runner(
			{ kernel: "5.10", kit, accelerator: "tcg", patience: 60_000 },
			{ ...process.env, PATH: scratch },
		);
		child.kill("SIGKILL");
		await gone(pid);
	});
});
