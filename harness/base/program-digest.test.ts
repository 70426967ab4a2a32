// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf, programDigest } from "./program-digest.js";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-digest-"));
	mkdirSync(join(folder, "load"));
	writeFileSync(join(folder, "load/check.js"), "pass()");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the digest of the program", () => {
	it.each<[string, () => void]>([
		["a file's content", () => writeFileSync(join(folder, "load/check.js"), "fail()")],
		["a file's name", () => renameSync(join(folder, "load/check.js"), join(folder, "load/other.js"))],
		["a new file", () => writeFileSync(join(folder, "new.js"), "")],
	])("changes with %s", async (_, change) => {
		const before = await digestOf([folder]);
		change();
		expect(await digestOf([folder])).not.toBe(before);
	});

	it.each(["check.test.ts", "check.d.ts", "check.js.map"])("does not change with %s", async (name) => {
		const before = await digestOf([folder]);
		writeFileSync(join(folder, name), "x");
		expect(await digestOf([folder])).toBe(before);
	});

	it("does not need each folder to be there", async () => {
		expect(await digestOf([join(folder, "absent")])).toMatch(/^[0-9a-f]{64}$/);
	});

	it("is of all that runs here", async () => {
		expect(await programDigest()).not.toBe(await digestOf([]));
		expect(await programDigest()).toBe(await programDigest());
	});
});
