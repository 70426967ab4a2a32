// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheRoot } from "../../base/cache-root.js";
import type { Results } from "../../base/results.js";
import { storedKernel } from "../../machine/kernel/store.js";
import { compile } from "./testsession.js";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const kernels = ["5.10"];
const packages = ["xdp-filter", "bad-out-of-bounds", "tc-marker", "cgroup-connect-guard"];
/** More by hand, for docs/reliability.md: BPFGATE_KILLS=50. */
const kills = Number(process.env.BPFGATE_KILLS ?? 3);

let scratch: string;
let cache: string;
let whole: Results;
let wholeMs: number;
const children: ChildProcess[] = [];

beforeAll(async () => {
	compile();
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	cache = join(scratch, "cache");
	for (const kernel of kernels) {
		const objects = join("kernels", "objects", (await storedKernel(kernel))!.object);
		mkdirSync(join(cache, objects), { recursive: true });
		cpSync(join(cacheRoot(), objects), join(cache, objects), { recursive: true });
		copyFileSync(join(cacheRoot(), "kernels", `${kernel}.json`), join(cache, "kernels", `${kernel}.json`));
	}
	await results("first.json");
	const started = performance.now();
	whole = await results("whole.json");
	wholeMs = performance.now() - started;
}, 900_000);

afterAll(() => {
	for (const child of children) child.kill("SIGKILL");
	rmSync(scratch, { recursive: true, force: true });
});

function start(json: string, ...more: string[]) {
	const inputs = packages.map((name) => join(checkout, "programs", name));
	const asked = ["--kernels", kernels.join(), "--jobs", "2", "--json", join(scratch, json), ...more];
	const child = spawn(
		process.execPath,
		[join(checkout, "dist/bin/bpfgate.js"), "test", ...asked, ...inputs],
		{
			env: { ...process.env, BPFGATE_CACHE: cache, BPFGATE_ACCEL: "tcg" },
			stdio: ["ignore", "ignore", "pipe"],
		},
	);
	children.push(child);
	let said = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		said += text;
	});
	return { child, ended: once(child, "close"), said: () => said };
}

async function results(json: string, ...more: string[]): Promise<Results> {
	const run = start(json, ...more);
	expect([await run.ended, run.said()]).toEqual([[1, null], expect.not.stringContaining("damaged")]);
	return JSON.parse(readFileSync(join(scratch, json), "utf8"));
}

/** Process ids of QEMUs that use this test's cache. */
function guests(): string[] {
	return readdirSync("/proc").filter((pid) => {
		if (!/^\d+$/.test(pid)) return false;
		try {
			const line = readFileSync(join("/proc", pid, "cmdline"), "utf8");
			return line.includes("qemu") && line.includes(cache);
		} catch {
			return false;
		}
	});
}

const verdicts = ({ results }: Results) =>
	results.map((it) =>
		[it.kernel, it.package, it.check, it.case, it.outcome, it.reason?.code ?? ""].join(" "),
	);

/** 0 to 1, the same for the same seed: a moment of the run. */
const moment = (seed: number) => ((Math.imul(seed + 1, 0x9e3779b1) >>> 0) % 1000) / 1000;

describe("bpfgate test that is killed (SIGKILL)", () => {
	it(`at ${kills} moments, and resumed, has the results of an undisturbed run, and leaves no guest`, async () => {
		let taken = 0;
		for (let seed = 0; seed < kills; seed++) {
			const run = start("killed.json");
			await Promise.race([sleep(moment(seed) * wholeMs), run.ended]);
			run.child.kill("SIGKILL");
			await run.ended;
			await expect.poll(guests).toEqual([]);
			const resumed = await results("resumed.json", "--resume");
			expect(verdicts(resumed), `seed ${seed}`).toEqual(verdicts(whole));
			expect(resumed.kernels).toEqual(whole.kernels);
			taken += resumed.run.resumed?.length ?? 0;
			rmSync(join(cache, "journals"), { recursive: true, force: true });
		}
		console.log(`${kills} kills, ${taken} of ${kills * packages.length * kernels.length} cells taken over`);
	}, 7_200_000);
});
