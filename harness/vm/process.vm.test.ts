// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../debian/abandoned.js";
import { initramfsFor } from "../kernel/initramfs.js";
import { openKernel } from "../kernel/store.js";
import type { InstanceOptions } from "./instance.js";

let scratch: string;
let options: InstanceOptions;
const children: ChildProcess[] = [];

beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	const kernel = await openKernel("5.10");
	const initramfs = await initramfsFor(
		kernel,
		join(import.meta.dirname, "../../build/agent", kernel.arch, "agent"),
	);
	options = {
		kernel: kernel.id,
		kit: { ...kernel, initramfs: initramfs.path, initramfs_sha256: initramfs.sha256 },
		accelerator: "tcg",
		patience: 60_000,
	};
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

async function runner(env: NodeJS.ProcessEnv = process.env) {
	const child = spawn(process.execPath, [join(scratch, "testrunner.js"), JSON.stringify(options), scratch], {
		stdio: ["ignore", "pipe", "inherit"],
		env,
	});
	children.push(child);
	const [line] = await once(child.stdout!, "data");
	const { qemu, folder } = JSON.parse(String(line)) as { qemu: number; folder: string };
	expect(alive(qemu)).toBe(true);
	expect(existsSync(folder)).toBe(true);
	return { child, qemu, folder };
}

async function gone(pid: number, ms: number): Promise<boolean> {
	for (let waited = 0; waited < ms && alive(pid); waited += 20) await sleep(20);
	return !alive(pid);
}

describe("a runner that is ended", () => {
	it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
		"by %s leaves no process and no folder",
		async (signal) => {
			const { child, qemu, folder } = await runner();
			child.kill(signal);
			expect(await once(child, "exit")).toEqual([null, signal]);
			expect(await gone(qemu, 2000)).toBe(true);
			expect(existsSync(folder)).toBe(false);
		},
	);

	it("by SIGKILL leaves no process", async () => {
		const { child, qemu } = await runner();
		child.kill("SIGKILL");
		expect(await gone(qemu, 2000)).toBe(true);
	});

	it("by SIGKILL leaves no process even where setpriv is missing: the agent switches off", async () => {
		await symlink(join("/usr/bin", "qemu-system-x86_64"), join(scratch, "qemu-system-x86_64"));
		const { child, qemu } = await runner({ ...process.env, PATH: scratch });
		child.kill("SIGKILL");
		expect(await gone(qemu, 10_000)).toBe(true);
	});
});
