// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheRoot } from "../base/cache-root.js";
import { loadCheck } from "../checks/load/load-check.js";
import { openPackage } from "../data/package/package.js";
import { createLab, type Lab } from "../lab/lab.js";
import type { GuestClient } from "../machine/guest/client.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { openKernel } from "../machine/kernel/store.js";
import type { Guest } from "../machine/vm/guest.js";
import { run } from "./run.js";
import { SelfCheck } from "./self-check.js";

let lab: Lab;
let kernel: Kernel;
let scratch: string;
let before: string | undefined;
let acquired = 0;
/** What the agent makes of an answer. */
let lie: (op: string, answer: unknown) => unknown = (_, answer) => answer;

beforeAll(async () => {
	kernel = await openKernel("6.12");
	// A cache of its own for what is kept, with the templates of all others.
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	for (const name of readdirSync(cacheRoot()))
		if (name !== "qualify") symlinkSync(join(cacheRoot(), name), join(scratch, name));
	before = process.env.BPFGATE_CACHE;
	process.env.BPFGATE_CACHE = scratch;
	lab = createLab({ jobs: 1, signal: new AbortController().signal });
	const acquire = lab.guests.acquire.bind(lab.guests);
	lab.guests.acquire = async (wanted) => {
		acquired++;
		return lying(await acquire(wanted));
	};
});
afterAll(async () => {
	await lab[Symbol.asyncDispose]();
	if (before === undefined) delete process.env.BPFGATE_CACHE;
	else process.env.BPFGATE_CACHE = before;
	rmSync(scratch, { recursive: true });
});

/** The guest with an agent that changes its answers. */
function lying(guest: Guest): Guest {
	const client = new Proxy(guest.client, {
		get(target, name) {
			const value: unknown = Reflect.get(target, name, target);
			if (name !== "call") return typeof value === "function" ? value.bind(target) : value;
			return async (op: never, args: never) => lie(op, await target.call(op, args));
		},
	}) as GuestClient;
	return new Proxy(guest, {
		get: (target, name) => (name === "client" ? client : Reflect.get(target, name, target)),
	});
}

const keptFile = () => {
	const folder = join(scratch, "qualify");
	const [name] = readdirSync(folder).filter((each) => each.startsWith("self-check-"));
	return join(folder, name!);
};
const assertNew = () => new SelfCheck(lab, "test").assert(kernel);

describe("a kernel on which known verdicts are right", () => {
	it("is used, and asked once for its image; a kept answer is compared again", async () => {
		await assertNew();
		const once = acquired;
		expect(once).toBeGreaterThan(0);
		await assertNew();
		expect(acquired).toBe(once);
		for (const damage of [
			(text: string) => text.slice(1),
			(text: string) => text.replace('"fail"', '"pass"'),
			(text: string) => text.replace(kernel.image_sha256, "0".repeat(64)),
		]) {
			const asked = acquired;
			writeFileSync(keptFile(), damage(readFileSync(keptFile(), "utf8")));
			await assertNew();
			expect(acquired).toBeGreaterThan(asked);
		}
	});
});

/** Answers with every `ok`, errno, log and return value as the function has them. */
const changed = (change: (key: string, value: unknown) => unknown) => (_: string, answer: unknown) => {
	const deep = (value: unknown): unknown => {
		if (Array.isArray(value)) return value.map(deep);
		if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
		return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(key, deep(each))]));
	};
	return deep(answer);
};

describe("an agent that", () => {
	const errno = (value: number) => {
		const lying = changed((key, told) => (key === "errno" ? value : told));
		return (op: string, answer: unknown) => (op === "object_load" ? lying(op, answer) : answer);
	};

	it.each<[string, typeof lie, string]>([
		["loads everything", errno(0), "load/program/canary_wrong: expected fail (out-of-bounds), found pass"],
		["loads nothing", errno(13), "load/program/canary_right: expected pass, found fail"],
		[
			"gives another return value of a program",
			changed((key, value) => (key === "retval" ? 1 : value)),
			"vectors/canary/passes: expected pass, found fail (vector-mismatch)",
		],
	])("%s lets no verdict on its kernel stand", async (_, how, wrong) => {
		rmSync(join(scratch, "qualify"), { recursive: true, force: true });
		lie = how;
		try {
			await expect(assertNew()).rejects.toMatchObject({
				code: "self-check-failed",
				message: expect.stringContaining(wrong),
			});
			expect(readdirSync(scratch)).not.toContain("qualify");
			const pkg = await openPackage(fileURLToPath(new URL("../../programs/xdp-filter", import.meta.url)));
			const trial = new SelfCheck(lab, "test");
			const { guests, features, signal } = lab;
			const host = { bpfgate: "test", accelerator: "tcg", qemu: "" } as const;
			const asked = { packages: [pkg], kernels: [kernel], checks: [loadCheck], jobs: 1, host };
			const assertTrust = (each: Kernel) => trial.assert(each);
			for await (const event of run({ ...asked, guests, features, signal, assertTrust }))
				if (event.type === "run-end") {
					const codes = event.results.results.map(({ outcome, reason }) => `${outcome} ${reason?.code}`);
					expect(new Set(codes)).toEqual(new Set(["error self-check-failed"]));
				}
		} finally {
			lie = (_, answer) => answer;
		}
	});
});
