// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { cacheRoot } from "../../base/cache-root.js";
import { storedKernel, storeFolder } from "../../machine/kernel/store.js";
import { compile } from "./testsession.js";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const kernel = "5.10";
const packages = 20;

let scratch: string;
let cache: string;
let temporary: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
	compile();
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	cache = join(scratch, "cache");
	temporary = join(scratch, "tmp");
	const record = await storedKernel(kernel);
	const objects = join("kernels", "objects", record!.object);
	mkdirSync(join(cache, objects), { recursive: true });
	mkdirSync(temporary);
	cpSync(join(cacheRoot(), objects), join(cache, objects), { recursive: true });
	copyFileSync(join(storeFolder(), `${kernel}.json`), join(cache, "kernels", `${kernel}.json`));
	for (let n = 0; n < packages; n++)
		copyFileSync(join(checkout, "programs/xdp-filter/xdp-filter.bpf.o"), join(scratch, `p${n}.bpf.o`));
});

afterAll(() => {
	for (const child of children) child.kill("SIGKILL");
	rmSync(scratch, { recursive: true, force: true });
});

/** `bpfgate test` of many packages; `said` grows. */
function start(count = packages) {
	const objects = Array.from({ length: count }, (_, n) => join(scratch, `p${n}.bpf.o`));
	const child = spawn(
		process.execPath,
		[join(checkout, "dist/bin/bpfgate.js"), "test", "--kernel", kernel, "--jobs", "2", ...objects],
		{
			env: { ...process.env, BPFGATE_CACHE: cache, BPFGATE_ACCEL: "tcg", TMPDIR: temporary },
			stdio: ["ignore", "pipe", "pipe"],
		},
	);
	children.push(child);
	// Not `exit`, which may come before the last that it said.
	const run = { child, said: "", ended: once(child, "close") };
	for (const stream of [child.stdout, child.stderr])
		stream?.setEncoding("utf8").on("data", (text: string) => {
			run.said += text;
		});
	return run;
}

/** Process ids of QEMUs that have files of this test's cache open. */
function guests(): string[] {
	return readdirSync("/proc").filter((pid) => {
		if (!/^\d+$/.test(pid)) return false;
		try {
			if (!readFileSync(join("/proc", pid, "cmdline"), "utf8").includes("qemu")) return false;
			const files = join("/proc", pid, "fd");
			return readdirSync(files).some((fd) => readlinkSync(join(files, fd)).startsWith(cache));
		} catch {
			return false;
		}
	});
}

function templates(): string[] {
	const folder = join(cache, "templates");
	return existsSync(folder) ? readdirSync(folder) : [];
}

/** Waits for the guest from which a template is made. */
const making = () => expect.poll(() => guests().length > 0 && templates().join()).toMatch(/making/);
/** A guest tests one package; two are in use at a time, and one is prepared ahead. */
const guestsOfTwoTested = 6;
/** Waits until some packages have been tested, of many. Without a template one is made first. */
async function testing(): Promise<void> {
	const seen = new Set<string>();
	const count = () => {
		for (const pid of guests()) seen.add(pid);
		return seen.size;
	};
	const patience = { timeout: 240_000, interval: 10 };
	await expect.poll(count, patience).toBeGreaterThanOrEqual(guestsOfTwoTested);
}
const noGuests = () => expect.poll(guests).toEqual([]);
const half = () => templates().filter((name) => /making|lock/.test(name));

const signals: [string, NodeJS.Signals[]][] = [
	...(["SIGINT", "SIGTERM", "SIGHUP"] as const).map((name): [string, NodeJS.Signals[]] => [name, [name]]),
	["SIGINT twice", ["SIGINT", "SIGINT"]],
];

async function interrupt(run: ReturnType<typeof start>, sent: NodeJS.Signals[]): Promise<void> {
	const before = readdirSync(scratch);
	for (const signal of sent) {
		run.child.kill(signal);
		await sleep(50);
	}
	expect(await run.ended).toEqual([130, null]);
	await noGuests();
	expect(readdirSync(temporary)).toEqual([]);
	expect(readdirSync(scratch)).toEqual(before);
	expect(half()).toEqual([]);
}

describe("bpfgate test, while packages are tested,", () => {
	it.each(signals)(
		"that is sent %s ends with 130, leaves nothing, and shows what it found",
		async (_, sent) => {
			const run = start();
			await testing();
			await interrupt(run, sent);
			if (sent.length === 1) expect(run.said).toMatch(/\nInterrupted; missing cases did not run\.\n$/);
		},
	);

	it("that is killed outright leaves no guest", async () => {
		const run = start();
		await testing();
		run.child.kill("SIGKILL");
		await run.ended;
		await noGuests();
		expect(readdirSync(temporary)).toEqual([]);
	});
});

describe("bpfgate test, while a template is made,", () => {
	beforeEach(() => rmSync(join(cache, "templates"), { recursive: true, force: true }));

	it.each(signals)("that is sent %s ends with 130 and leaves nothing", async (_, sent) => {
		const run = start();
		await making();
		await interrupt(run, sent);
	});

	it("that is sent SIGINT without end ends with 130 and leaves nothing, at whichever moment of its end one arrives", async () => {
		const run = start();
		await making();
		while (run.child.exitCode === null && run.child.signalCode === null) {
			run.child.kill("SIGINT");
			await sleep(5);
		}
		expect(await run.ended).toEqual([130, null]);
		expect(templates()).toEqual([]);
		expect(readdirSync(temporary)).toEqual([]);
	});

	it("that is killed outright leaves no guest, and its next run sweeps what it left half made", async () => {
		const run = start();
		await making();
		run.child.kill("SIGKILL");
		await run.ended;
		await noGuests();
		expect(templates().join()).toMatch(/making/);
		const next = start(1);
		expect(await next.ended).toEqual([0, null]);
		expect(templates()).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/)]);
		expect(readdirSync(temporary)).toEqual([]);
	});
});

describe("bpfgate, while it reads large vector files,", () => {
	/** Processor time that a process has used, in clock ticks (proc_pid_stat(5), utime). */
	const ticks = (pid: number) => {
		const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
		return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[11]);
	};

	it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("is ended by %s at once", async (signal) => {
		const folder = join(scratch, `large-${signal}`);
		mkdirSync(folder);
		const entry = (at: number) =>
			`{ key: { prefixlen: 32, address: "10.0.${at >> 8}.${at & 255}" }, value: 1 }`;
		const entries = Array.from({ length: 60_000 }, (_, at) => entry(at)).join(", ");
		const text = `vectors: [{ name: a, program: xdp_filter, maps_before: { blocked4: [${entries}] } }]`;
		const vectors = Array.from({ length: 40 }, (_, at) => `v${at}.yaml`);
		for (const name of vectors) writeFileSync(join(folder, name), text);
		copyFileSync(join(checkout, "programs/xdp-filter/xdp-filter.bpf.o"), join(folder, "a.o"));
		writeFileSync(
			join(folder, "bpfgate.json"),
			JSON.stringify({ name: "large", version: "1", objects: ["a.o"], vectors }),
		);
		const child = spawn(
			process.execPath,
			[join(checkout, "dist/bin/bpfgate.js"), "vectors", "check", folder],
			{ stdio: "ignore" },
		);
		children.push(child);
		const ended = once(child, "close");
		// It starts in 0.3 s, and all the files take a minute.
		await expect.poll(() => ticks(child.pid!), { timeout: 60_000, interval: 20 }).toBeGreaterThan(150);
		child.kill(signal);
		expect(await ended).toEqual([null, signal]);
	});
});
