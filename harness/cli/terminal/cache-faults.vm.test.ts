// SPDX-License-Identifier: Apache-2.0
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheRoot } from "../../base/cache-root.js";
import type { Results } from "../../base/results.js";
import { storedKernel } from "../../machine/kernel/store.js";
import { compile } from "./testsession.js";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const kernel = "5.10";
const root = process.getuid?.() === 0;
const mounts = spawnSync("unshare", ["-rm", "true"]).status === 0;

let scratch: string;
/** The store of the kernel alone: templates and all else are yet to be made. */
let store: string;

beforeAll(async () => {
	compile();
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	store = join(scratch, "store");
	const object = join("kernels", "objects", (await storedKernel(kernel))!.object);
	for (const part of [object, join("kernels", `${kernel}.json`)])
		cpSync(join(cacheRoot(), part), join(store, part), { recursive: true });
});
afterAll(() => {
	for (const path of readdirSync(scratch)) chmodSync(join(scratch, path), 0o755);
	rmSync(scratch, { recursive: true, force: true });
});

const newCache = (name: string) => {
	const cache = join(scratch, name);
	cpSync(store, cache, { recursive: true });
	return cache;
};
const bpfgate = (...more: string[]) => [
	process.execPath,
	join(checkout, "dist/bin/bpfgate.js"),
	...["test", "--kernel", kernel, ...more, join(checkout, "programs/xdp-filter")],
];
const environment = (cache: string) => ({ ...process.env, BPFGATE_CACHE: cache, BPFGATE_ACCEL: "tcg" });
function run(cache: string, [command, ...args]: string[]) {
	const { status, stdout, stderr } = spawnSync(command!, args, { env: environment(cache), encoding: "utf8" });
	return { status, stdout, stderr };
}

describe.skipIf(!mounts)("on a disk that becomes full", () => {
	/** The folder is a disk of so many KiB, with what was in the folder. */
	const onDisk = (folder: string, kib: number, command: string[]) => [
		...["unshare", "-rm", "sh", "-c"],
		'mount -t tmpfs -o "size=$1k" none /mnt; cp -a "$0/." /mnt; mount --bind /mnt "$0"; shift; exec "$@"',
		...[folder, String(kib), ...command],
	];
	const size = () => Number(spawnSync("du", ["-sk", store], { encoding: "utf8" }).stdout.split("\t")[0]);

	it("the cache, without room for an initramfs: the command ends, and names the file", () => {
		const cache = newCache("full");
		const { status, stdout, stderr } = run(cache, onDisk(cache, size() + 512, bpfgate()));
		expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
		expect(stderr).toMatch(
			/^bpfgate: \S+\/full\/initramfs\/\S+: no space left on device \(write\); free some space there, or name another folder with BPFGATE_CACHE\n$/,
		);
	});

	it("the cache, without room for a guest's memory: each case is an error that says so", () => {
		const cache = newCache("fuller");
		const json = join(scratch, "fuller.json");
		const { status } = run(cache, onDisk(cache, size() + 20_000, bpfgate("--json", json)));
		expect(status).toBe(3);
		const { results }: Results = JSON.parse(readFileSync(json, "utf8"));
		expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["error"]));
		expect(new Set(results.map(({ reason }) => reason?.hint))).toEqual(
			new Set([
				"make room in the cache, or name another with BPFGATE_CACHE: the disk with the templates is full",
			]),
		);
	});

	it("the folder of a report: the verdict is printed, and the file is named", () => {
		const report = join(scratch, "report");
		mkdirSync(report);
		const { status, stdout, stderr } = run(cacheRoot(), onDisk(report, 8, bpfgate("--report", report)));
		expect(status).toBe(3);
		expect(stdout).toMatch(/^19 passed, 0 failed, 2 skipped, 0 errors/m);
		expect(stderr).toContain(
			`bpfgate: ${report}/results.json: cannot be written: no space left on device; make room there or name another place, and run it again\n`,
		);
	});
});

describe("a cache that an ordinary user may not write", () => {
	/** Root without the power over files of others is like any user. */
	const asUser = (command: string[]) =>
		root ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", ...command] : command;

	it("is named, with what to do", () => {
		const cache = newCache("forbidden");
		chmodSync(cache, 0o555);
		const { status, stdout, stderr } = run(cache, asUser(bpfgate()));
		expect({ status, stdout, stderr }).toEqual({
			status: 3,
			stdout: "",
			stderr: `bpfgate: ${cache}/initramfs: permission denied (mkdir); give this user access to it, or name another folder with BPFGATE_CACHE\n`,
		});
	});
});

it("two runs at once on one new cache have the same results, and make one template", async () => {
	const cache = newCache("shared");
	const outcomes = await Promise.all(
		["one.json", "two.json"].map(async (name) => {
			const json = join(scratch, name);
			const [command, ...args] = bpfgate("--json", json);
			const child = spawn(command!, args, { env: environment(cache), stdio: "ignore" });
			const [status] = await once(child, "close");
			const { results }: Results = JSON.parse(readFileSync(json, "utf8"));
			return { status, results: results.map((each) => `${each.check}/${each.case} ${each.outcome}`) };
		}),
	);
	expect(outcomes[0]?.status).toBe(0);
	expect(outcomes[0]?.results.length).toBeGreaterThan(5);
	expect(outcomes[1]).toEqual(outcomes[0]);
	const templates = readdirSync(join(cache, "templates")).filter((name) => /^[0-9a-f]+$/.test(name));
	expect(templates).toHaveLength(1);
});
