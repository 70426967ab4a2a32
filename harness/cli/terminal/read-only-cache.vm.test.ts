// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheRoot } from "../../base/cache-root.js";
import { storedKernel } from "../../machine/kernel/store.js";
import { compile } from "./testsession.js";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const kernel = "6.12";
/** A mount of its own: root may write wherever the mode of a folder alone forbids it. */
const readOnly = ["-rm", "sh", "-c", 'mount --bind "$0" "$0"; mount -o remount,ro,bind "$0"; exec "$@"'];
const possible = spawnSync("unshare", ["-rm", "true"]).status === 0;

let scratch: string;
let cache: string;

beforeAll(async () => {
	compile();
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	cache = join(scratch, "cache");
	const stored = join("kernels", "objects", (await storedKernel(kernel))!.object);
	for (const part of [stored, join("kernels", `${kernel}.json`)])
		cpSync(join(cacheRoot(), part), join(cache, part), { recursive: true });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function run(command: string, args: string[]) {
	const env = { ...process.env, BPFGATE_CACHE: cache, BPFGATE_ACCEL: "tcg" };
	const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: "utf8" });
	return { status, stdout, stderr };
}
const bpfgate = (...args: string[]) => [process.execPath, join(checkout, "dist/bin/bpfgate.js"), ...args];
const test = bpfgate("test", "--kernel", kernel, join(checkout, "programs/xdp-filter"));
const readOnlyRun = (command: string[]) => run("unshare", [...readOnly, cache, ...command]);

describe.skipIf(!possible)("on a read-only cache", () => {
	it("a cold run says which folder is read-only, and how to go on", () => {
		expect(readOnlyRun(test)).toMatchObject({
			status: 3,
			stderr: `bpfgate: the cache ${cache} is read-only: ${cache}/initramfs: read-only file system (mkdir); mount it writable, or name another folder with BPFGATE_CACHE\n`,
		});
	});

	it("a run with everything there is like any other; a missing template is one reason", () => {
		const warm = run(test[0]!, test.slice(1));
		expect(warm).toMatchObject({ status: 0 });
		const tested = readOnlyRun(test);
		expect(tested, tested.stdout + tested.stderr).toMatchObject({ status: 0 });
		const cells = ({ stdout }: typeof warm) => stdout.split("\n").filter((line) => /^\S+\/\S+ +✓/.test(line));
		expect(cells(tested)).toEqual(cells(warm));

		// What a run only remembers may be missing.
		rmSync(join(cache, "features"), { recursive: true, force: true });
		expect(readOnlyRun(test)).toMatchObject({ status: 0 });

		rmSync(join(cache, "templates"), { recursive: true });
		const { status, stdout } = readOnlyRun(test);
		expect(status).toBe(3);
		expect(stdout.match(/is read-only/g), stdout).toHaveLength(1);
	});
});
