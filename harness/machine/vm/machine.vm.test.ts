// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../../base/abandoned.js";
import type { UndecidedError } from "../../base/errors.js";
import type { Kernel } from "../kernel/kernel.js";
import { openKernel } from "../kernel/store.js";
import type { Guest } from "./guest.js";
import { Machines } from "./machine.js";

const agent = (arch: string) => join(import.meta.dirname, "../../../build/agent", arch, "agent");
const text = (value: string) => new TextEncoder().encode(value);

let cache: string;
let machines: Machines;
let kernel: Kernel;
const guests: Guest[] = [];

beforeAll(async () => {
	cache = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	machines = new Machines({ agent, cache, accelerator: "tcg" });
	kernel = await openKernel("7.3");
});

afterAll(async () => {
	await Promise.all(guests.map((guest) => guest.dispose()));
	await rm(cache, { recursive: true, force: true });
	expect(guests.filter((guest) => alive(guest.pid))).toEqual([]);
});

async function clone(from = machines): Promise<Guest> {
	const guest = await from.clone(kernel);
	guests.push(guest);
	return guest;
}

/** The only template in the cache. */
function templateFolder(): string {
	const names = readdirSync(join(cache, "templates"));
	expect(names).toHaveLength(1);
	return join(cache, "templates", names[0]!);
}

async function lost(promise: Promise<unknown>): Promise<UndecidedError> {
	return promise.then(
		() => expect.unreachable("the guest should have been lost"),
		(error: UndecidedError) => error,
	);
}

describe("a cold-booted guest", () => {
	it.each(["5.10", "7.3"])("boots %s, answers, and leaves no process", async (id) => {
		const guest = await machines.boot(await openKernel(id));
		expect(guest.origin).toBe("boot");
		expect(guest.greeting.release).toBe(guest.kernel.release);
		expect(guest.greeting.cpus).toBe(1);
		expect(await guest.splats()).toEqual([]);
		expect(await guest.peakMemory()).toBeGreaterThan(50_000);
		await guest.dispose();
		expect(alive(guest.pid)).toBe(false);
	});
});

describe("a guest that does not come up", () => {
	it("can be ended while it boots, and leaves no unfinished template", async () => {
		const stop = new AbortController();
		const stopped = new Machines({ agent, cache, accelerator: "tcg", signal: stop.signal });
		const coming = lost(stopped.clone(kernel));
		const templates = join(cache, "templates");
		await expect.poll(() => existsSync(templates) && readdirSync(templates).join()).toMatch(/making/);
		stop.abort();
		expect((await coming).code).toBe("guest-died");
		expect(readdirSync(templates)).toEqual([]);
		await expect(stopped.boot(kernel)).rejects.toMatchObject({ name: "AbortError" });
	});

	it("is reported to have switched itself off when its kernel has no port driver", async () => {
		const { modules: _, modules_sha256: __, ...bare } = await openKernel("5.10");
		const error = await lost(machines.boot(bare));
		expect(error.message).toMatch(/^guest 5\.10 died: there is no port org\.bpfgate\.rpc/);
		expect(error.hint).toMatch(/virtio_pci and virtio_console/);
	});

	it("is not tried forever", async () => {
		const broken = { ...kernel, image: agent(kernel.arch), image_sha256: "0".repeat(64) };
		expect((await lost(machines.clone(broken))).message).toMatch(
			/died: qemu.* \(QEMU ended with status 1\)$/,
		);
		expect((await lost(machines.boot(broken))).code).toBe("guest-died");
		expect((await lost(machines.clone(broken))).code).toBe("kernel-does-not-boot");
	});
});

describe("a guest that ends with status 0", () => {
	const failureOf = async (guest: Awaited<ReturnType<typeof clone>>) => {
		await expect.poll(() => guest.client.failure, { timeout: 60_000 }).toBeDefined();
		return guest.client.failure!;
	};

	it("was ended by the host when QEMU took a SIGTERM", async () => {
		const guest = await clone();
		process.kill(guest.pid, "SIGTERM");
		const error = await failureOf(guest);
		expect(error.message).toMatch(/terminating on signal 15.* \(QEMU ended with status 0\)$/);
		expect(error.inGuest).toBe(false);
	});

	it("is the package's doing when it was switched off from within", async () => {
		const guest = await clone();
		await guest.client.call("file_write", { path: "/proc/sysrq-trigger", data: text("o") }).catch(() => {});
		const error = await failureOf(guest);
		expect(error.message).toBe("guest 7.3 died: QEMU ended with status 0");
		expect(error.inGuest).toBe(true);
	});
});

describe("clones", () => {
	it("come from one template and are isolated from each other", async () => {
		const [first, second] = [await clone(), await clone()];
		expect([first.origin, second.origin]).toEqual(["clone", "clone"]);
		await first.client.call("file_write", { path: "/tmp/mark", data: text("first") });
		await expect(second.client.call("file_read", { path: "/tmp/mark" })).rejects.toMatchObject({
			errnoName: "ENOENT",
		});
		const third = await clone();
		await expect(third.client.call("file_read", { path: "/tmp/mark" })).rejects.toMatchObject({
			errnoName: "ENOENT",
		});
		const made = await stat(join(templateFolder(), "ram"));
		await clone();
		expect((await stat(join(templateFolder(), "ram"))).ino).toBe(made.ino);
		await Promise.all(guests.map((guest) => guest.dispose()));
	});

	it("come from a new template when the old one is damaged", async () => {
		const half = join(cache, "templates", ".making-4194304-dead");
		await utimes(join(templateFolder(), "ram"), 1, 1);
		await mkdir(half);
		const guest = await clone();
		expect(guest.origin).toBe("clone");
		expect(existsSync(half), "what a killed runner left").toBe(false);
		await guest.dispose();
	});

	it("are replaced by a reported cold boot when none comes up", async () => {
		const folder = templateFolder();
		const path = join(folder, "template.json");
		const record = JSON.parse(await readFile(path, "utf8"));
		await writeFile(join(folder, "state"), "rubbish");
		record.state_sha256 = createHash("sha256").update("rubbish").digest("hex");
		await writeFile(path, JSON.stringify(record));
		const guest = await clone();
		expect(guest.origin).toBe("boot");
		expect(guest.fallback).toMatch(/^the clone did not come up: /);
		expect(existsSync(folder)).toBe(false);
		await guest.dispose();
		expect((await clone()).origin).toBe("clone");
	});
});

describe("a misbehaving guest", () => {
	let strict: Machines;
	beforeAll(() => {
		strict = new Machines({ agent, cache, accelerator: "tcg", patience: 1500 });
	});

	it("that panics is reported with its panic", async () => {
		const guest = await clone();
		const error = await lost(guest.client.call("misbehave", { how: "panic" }));
		expect(error.code).toBe("guest-died");
		expect(error.message).toMatch(/Kernel panic - not syncing: sysrq triggered crash/);
		expect((await guest.splats()).map((splat) => splat.kind)).toEqual(["panic"]);
		expect((await lost(guest.client.call("ping", {}))).code).toBe("guest-died");
	});

	it("that hangs is ended", async () => {
		const guest = await clone(strict);
		expect((await lost(guest.client.call("misbehave", { how: "hang" }))).code).toBe("guest-hung");
		await guest.splats();
		expect(alive(guest.pid)).toBe(false);
	});

	it("that floods its console is ended, and the flood is not kept in memory", async () => {
		const guest = await clone(strict);
		expect((await lost(guest.client.call("misbehave", { how: "flood" }))).code).toBe("guest-hung");
		const other = await clone();
		const flood = lost(other.client.call("misbehave", { how: "flood" }));
		await expect.poll(() => other.console()).toMatch(/^\[\d+ bytes before this were not kept\]/);
		expect(other.console().length).toBeLessThan(70_000);
		await other.dispose();
		await flood;
	});

	it("that sends invalid frames is not believed", async () => {
		const guest = await clone();
		expect((await lost(guest.client.call("misbehave", { how: "rubbish" }))).code).toBe("channel-corrupt");
		await guest.splats();
		expect(alive(guest.pid)).toBe(false);
	});

	it("whose QEMU is killed counts as died", async () => {
		const guest = await clone();
		const call = lost(guest.client.call("misbehave", { how: "hang" }));
		process.kill(guest.pid, "SIGKILL");
		const error = await call;
		expect(error.code).toBe("guest-died");
		expect(error.message).toMatch(/SIGKILL/);
	});

	it("whose QEMU is stopped is ended", async () => {
		const guest = await clone(strict);
		process.kill(guest.pid, "SIGSTOP");
		expect((await lost(guest.client.call("ping", {}))).code).toBe("guest-hung");
		await guest.dispose();
		expect(alive(guest.pid)).toBe(false);
	});

	it("that warns goes on, and its warning is found", async () => {
		const guest = await clone();
		await guest.client.call("misbehave", { how: "warn" });
		expect((await guest.splats()).map((splat) => splat.kind)).toEqual(["warn"]);
		expect(await guest.client.call("ping", {})).toEqual({});
		await guest.dispose();
	});

	it("that runs out of memory is reported, whether it survives or not", async () => {
		const guest = await clone();
		await guest.client.call("misbehave", { how: "out_of_memory" }).catch(() => {});
		expect((await guest.splats()).map((splat) => splat.kind)).toContain("out-of-memory");
		await guest.dispose();
	});
});
