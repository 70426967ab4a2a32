// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKernel } from "../../kernel/store.js";
import type { Guest } from "../../vm/guest.js";
import { Machines } from "../../vm/machine.js";
import type { Args, Result } from "../operations.js";
import { compileCommand } from "./testobject.js";

const root = join(import.meta.dirname, "../../../..");
const machines = new Machines({ agent: (arch) => join(root, "build/agent", arch, "agent") });
const path = "/run/testcommand";

describe.each(["5.10", "7.3"])("commands on %s", (id) => {
	let guest: Guest;

	beforeAll(async () => {
		const [data, kernel] = [await compileCommand(), await openKernel(id)];
		guest = await machines.clone(kernel);
		await guest.client.call("file_write", { path, data, mode: 0o755 });
	});

	afterAll(() => guest.dispose());

	async function run(words: string[], options: Partial<Args<"command_run">> = {}) {
		const result: Result<"command_run"> = await guest.client.call("command_run", {
			argv: [path, ...words],
			...options,
		});
		const { stdout, stderr, duration_ns: _, ...rest } = result;
		return { ...rest, stdout: Buffer.from(stdout).toString(), stderr: Buffer.from(stderr).toString() };
	}

	it("get their arguments, environment and folder, no input, and default signal handling", async () => {
		const result = await run(["tell", "a b", ""], { env: ["A=1", "B=two words"], cwd: "/tmp" });
		const told = `${path}|tell|a b||A=1|B=two words|/tmp|default|1`;
		const said = "0 bytes of input";
		expect(result).toEqual({
			status: 0,
			timed_out: false,
			stdout: told,
			stdout_size: told.length,
			stderr: said,
			stderr_size: said.length,
		});
	});

	it("return their status, or the signal that killed them", async () => {
		expect(await run(["exit", "42"])).toMatchObject({ status: 42, timed_out: false });
		const aborted = await run(["abort"]);
		expect(aborted).toMatchObject({ signal: 6, timed_out: false });
		expect(aborted).not.toHaveProperty("status");
	});

	it("cannot change the agent, the kernel or the clock, when they are limited", async () => {
		const all = await run(["attack"]);
		const open = ["ptrace", "/dev/kmsg", "/proc/sys", "/proc/sysrq-trigger", "/sys", "/sys/kernel/debug"];
		const more = [
			"/proc/bus/pci",
			"/dev/console",
			"open_by_handle_at",
			"mknod",
			"mount",
			"umount2",
			"fsopen",
		];
		for (const what of [...open, ...more]) expect(all.stdout).toContain(`${what}: done\n`);
		const { stdout } = await run(["attack"], { limited: true });
		const lines = stdout.trimEnd().split("\n");
		expect(lines.length).toBe(24);
		expect(lines.filter((line) => !line.endsWith(": refused"))).toEqual([]);
	});

	it("return the requested amount of their output, and its size", async () => {
		const { stdout, stdout_size, status } = await run(["write", "300000"], { max_output: 10 });
		expect([stdout, stdout_size, status]).toEqual(["abcdefghij", 300000, 0]);
		const whole = await run(["write", "300000"], { max_output: 300000 });
		expect(whole.stdout.length).toBe(300000);
		expect(whole.stdout.slice(-3)).toBe("jkl");
	});

	it("are killed after their time limit, with all processes that they started", async () => {
		let said = "";
		// A busy guest may need longer to begin.
		for (let timeout_ms = 300; said !== "begun\nbegun\n"; timeout_ms *= 4) {
			const result = await run(["family"], { timeout_ms });
			expect(result).toMatchObject({ signal: 9, timed_out: true });
			said = result.stdout;
		}
		const { processes } = await guest.client.call("inventory", {});
		expect(processes).toEqual([]);
	});

	it("are left running when they are started, and tell how they ended", async () => {
		const { client } = guest;
		const before = (await client.call("clock_read", {})).monotonic_ns;
		const output = "/run/started.log";
		const { pid } = await client.call("command_start", { argv: [path, "family"], output });
		const said = async () => Buffer.from((await client.call("file_read", { path: output })).data).toString();
		await expect.poll(said).toBe("begun\nbegun\n");
		expect(await client.call("command_signal", { pid, signal: 0 })).toEqual({ errno: 0, ended: false });
		const killed = await client.call("command_signal", { pid, signal: 9, await: true });
		expect(killed).toEqual({ errno: 0, ended: true });
		expect(await client.call("command_signal", { pid, signal: 0 })).toEqual({ errno: 0, ended: true });
		expect((await client.call("inventory", {})).processes).toEqual([]);
		await client.call("file_remove", { path: output });
		expect((await client.call("clock_read", {})).monotonic_ns).toBeGreaterThan(before);
		const missing = client.call("command_start", { argv: ["/run/none"], output });
		await expect(missing).rejects.toMatchObject({ errnoName: "ENOENT" });
	});

	it("may leave a background process, which appears in the inventory", async () => {
		expect(await run(["leave"])).toMatchObject({ status: 0, timed_out: false, stdout: "left\n" });
		const { processes } = await guest.client.call("inventory", {});
		expect(processes).toEqual(["testcommand"]);
	});

	it("send progress while they run, so that the runner does not give the guest up", async () => {
		const received = async (seconds: string) => {
			const before = guest.client.traffic.received;
			expect(await run(["sleep", seconds])).toMatchObject({ status: 0, timed_out: false });
			return guest.client.traffic.received - before;
		};
		// Both answers are the same, give or take the bytes of a duration.
		expect(await received("3")).toBeGreaterThan((await received("0")) + 20);
	});

	it("are refused with the errno of the start", async () => {
		const call = (args: Args<"command_run">) => guest.client.call("command_run", args);
		await expect(call({ argv: ["/run/nothing"] })).rejects.toMatchObject({ errnoName: "ENOENT" });
		await expect(call({ argv: ["/run"] })).rejects.toMatchObject({ errnoName: "EACCES" });
		await expect(call({ argv: [path], cwd: "/nowhere" })).rejects.toMatchObject({ errnoName: "ENOENT" });
		await expect(call({ argv: [] })).rejects.toMatchObject({ errnoName: "EINVAL" });
		expect(await run(["exit", "0"])).toMatchObject({ status: 0 });
	});
});
