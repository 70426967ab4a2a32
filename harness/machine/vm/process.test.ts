// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { alive } from "../../base/abandoned.js";
import { own, removeFolder, temporaryFolder } from "./process.js";

it("passes channels and files as descriptors 3 and up", async () => {
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	writeFileSync(join(folder, "file"), "from a file\n");
	const script = "cat <&4 >&3; read line <&5; echo got $line >&5; echo said >&2";
	const file = openSync(join(folder, "file"), "r");
	const process = await own("sh", ["-c", script], ["channel", file, "channel"]);
	const [first, second] = process.channels;
	const read: string[] = [];
	for (const channel of [first!, second!]) channel.on("data", (data: Buffer) => read.push(String(data)));
	second!.write("hello\n");
	expect(await process.ended).toEqual({ code: 0, signal: null, stderr: "said" });
	expect(read).toEqual(["from a file\n", "got hello\n"]);
	rmSync(folder, { recursive: true });
});

it("hands on no secrets of the environment, and no core files", async () => {
	vi.stubEnv("BPFGATE_SIGNING_PASSWORD", "secret");
	try {
		const script = "env >&3; ulimit -c >&3";
		const process = await own("sh", ["-c", script], ["channel"]);
		let said = "";
		process.channels[0]?.on("data", (data: Buffer) => {
			said += data;
		});
		await process.ended;
		expect(said).toMatch(/^PATH=/m);
		expect(said).not.toContain("secret");
		expect(said).toMatch(/^0$/m);
	} finally {
		vi.unstubAllEnvs();
	}
});

it("kills the whole group", async () => {
	const process = await own("sh", ["-c", "sleep 60 & echo $! >&3; wait"], ["channel"]);
	const pid = await new Promise<number>((resolve) =>
		process.channels[0]!.once("data", (data: Buffer) => resolve(Number(String(data)))),
	);
	expect(alive(pid)).toBe(true);
	process.kill();
	expect((await process.ended).signal).toBe("SIGKILL");
	await expect.poll(() => alive(pid)).toBe(false);
	process.kill();
});

it("reports what cannot be started", async () => {
	const process = own("/nonexistent/qemu", [], []).then((started) => started.ended);
	expect(await process).toMatchObject({
		code: 126,
		stderr: "/nonexistent/qemu: No such file or directory",
	});
});

it("reports a program that is not executable, a folder, and a file that is no program", async () => {
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	try {
		const path = join(folder, "qemu");
		writeFileSync(path, "#!/bin/sh\n", { mode: 0o644 });
		const ended = async (command: string) => (await own(command, [], [])).ended;
		expect(await ended(path)).toMatchObject({ code: 126, stderr: `${path}: Permission denied` });
		expect(await ended(folder)).toMatchObject({ code: 126, stderr: `${folder}: Permission denied` });
		writeFileSync(path, "text", { mode: 0o755 });
		chmodSync(path, 0o755);
		expect(await ended(path)).toMatchObject({ code: 126, stderr: `${path}: Exec format error` });
	} finally {
		rmSync(folder, { recursive: true });
	}
});

it("makes temporary folders and removes them", () => {
	const folder = temporaryFolder(tmpdir(), "bpfgate-test-");
	writeFileSync(join(folder, "x"), "");
	removeFolder(folder);
	expect(existsSync(folder)).toBe(false);
});
