// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fakeBzImage } from "../../../machine/kernel/testkernel.js";
import { createProgram } from "../../program.js";
import { pullProgress } from "./pull-progress.js";

let root: string;
let out: string;
let err: string;
beforeEach(async () => {
	root = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	vi.stubEnv("BPFGATE_CACHE", join(root, "cache"));
	vi.stubEnv("BPFGATE_MIRROR", "not an address");
	out = "";
	err = "";
	vi.spyOn(process.stdout, "write").mockImplementation((text) => {
		out += text;
		return true;
	});
	vi.spyOn(process.stderr, "write").mockImplementation((text) => {
		err += text;
		return true;
	});
});
afterEach(async () => {
	vi.restoreAllMocks();
	vi.unstubAllEnvs();
	await rm(root, { recursive: true });
});

const actions = {
	"kernels list": () => import("./list.js"),
	"kernels pull": () => import("./pull.js"),
	"kernels add": () => import("./add.js"),
	"kernels features": () => import("./features.js"),
};
const context = {
	write: (text: string) => void process.stdout.write(text),
	signal: () => new AbortController().signal,
};
const kernels = (...args: string[]) =>
	createProgram(actions, context).parseAsync(["kernels", ...args], { from: "user" });

it("adds a kernel and lists it after the catalog's", async () => {
	const image = join(root, "bzImage");
	await writeFile(image, fakeBzImage("6.12.1-test"));
	await kernels("add", image, "--id", "mine");
	expect(out).toMatch(/^mine: 6\.12\.1-test \(x86_64\), [0-9a-f]{64}\n$/);
	out = "";
	await kernels("list");
	expect(out).toMatch(/^5\.10 \* +not here .*bullseye-security$/m);
	expect(out).toMatch(/^mine +6\.12\.1-test +[0-9a-f]{12} +0\.0 MiB +no +\/.*bzImage$/m);
	out = "";
	await kernels("list", "--json");
	expect(JSON.parse(out).kernels.at(-1)).toMatchObject({ id: "mine", here: true });
});

it("lists a kernel whose record is broken, with the problem and the fix", async () => {
	await mkdir(join(root, "cache/kernels"), { recursive: true });
	await writeFile(join(root, "cache/kernels/6.12.json"), "{");
	await kernels("list");
	expect(out).toMatch(/^6\.1 \* +not here/m);
	expect(out).toMatch(/^6\.12 \* +broken/m);
	expect(out).toMatch(
		/6\.12\.json: is not JSON; fetch the kernel again with: bpfgate kernels pull 6\.12 --force\n$/,
	);
	await expect(kernels("features", "6.12")).rejects.toThrow(/6\.12\.json: is not JSON/);
});

it("refuses unknown kernels and addresses before it asks a mirror", async () => {
	await expect(kernels("pull", "9.9")).rejects.toThrow(/^kernel 9.9: is not in the catalog; known are 5.10/);
	await expect(kernels("pull", "--all", "6.1")).rejects.toThrow("cannot be combined");
	await expect(kernels("pull", "6.1", "--mirror", "rubbish")).rejects.toThrow(
		'--mirror: "rubbish" is not the',
	);
	await expect(kernels("pull", "6.1", "--mirror", "")).rejects.toThrow('--mirror: "" is not the address');
	expect(err).toBe("");
});

it("reports one failure once, and several in one line each", async () => {
	await expect(kernels("pull", "6.1")).rejects.toThrow('BPFGATE_MIRROR: "not an address" is not the address');
	expect(err).toBe("6.1: looking for the newest release\n6.1: failed\n");
	err = "";
	await expect(kernels("pull", "6.1", "6.12")).rejects.toThrow("2 of 2 kernels could not be pulled");
	expect(err.match(/is not the address/g)).toHaveLength(2);
});

it("refuses to probe a kernel that is not in the store", async () => {
	await expect(kernels("features", "6.1")).rejects.toMatchObject({ code: "kernel-not-pulled" });
});

describe("progress", () => {
	const downloading = (bytes: number) =>
		({ kind: "downloading", id: "6.1", release: "6.1.0", bytes, total: 4 * 1024 * 1024 }) as const;

	it("prints each stage once without a terminal", () => {
		const lines: string[] = [];
		const stream = {
			isTTY: false,
			write: (text: string) => lines.push(text),
		} as unknown as NodeJS.WriteStream;
		const progress = pullProgress(stream);
		for (const bytes of [1, 2, 3]) progress.event(downloading(bytes));
		progress.event({ kind: "storing", id: "6.1", release: "6.1.0" });
		progress.end();
		expect(lines).toEqual(["6.1: 6.1.0 downloading 4 MiB, 0 %\n", "6.1: 6.1.0 unpacking\n"]);
	});

	it("keeps one line per kernel on a terminal", () => {
		const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
		const progress = pullProgress(stream as unknown as NodeJS.WriteStream);
		progress.event(downloading(2 * 1024 * 1024));
		progress.event({ kind: "failed", id: "6.12", error: new Error("no") });
		progress.end();
		const shown = String(stream.read());
		expect(shown).toContain("6.1   6.1.0 downloading 4 MiB, 50 %");
		expect(shown).toContain("6.12  failed");
	});
});
