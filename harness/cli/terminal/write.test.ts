// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import {
	closeSync,
	constants,
	mkdtempSync,
	openSync,
	readdirSync,
	readFileSync,
	readlinkSync,
	readSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assertWritableFile, assertWritableFolder, makeFolder, writeWhole } from "./write.js";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("writeWhole", () => {
	it("replaces a file, and leaves nothing else", async () => {
		const path = join(folder, "out.json");
		writeFileSync(path, "old");
		await writeWhole(path, "new");
		expect(readFileSync(path, "utf8")).toBe("new");
		expect(readdirSync(folder)).toEqual(["out.json"]);
	});

	it("writes where a link leads", async () => {
		symlinkSync("target", join(folder, "link"));
		writeFileSync(join(folder, "target"), "old");
		await writeWhole(join(folder, "link"), "new");
		expect(readlinkSync(join(folder, "link"))).toBe("target");
		expect(readFileSync(join(folder, "target"), "utf8")).toBe("new");
	});

	it("writes to a FIFO instead of putting a file in its place", async () => {
		const path = join(folder, "fifo");
		execFileSync("mkfifo", [path]);
		const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
		await writeWhole(path, "text");
		const bytes = Buffer.alloc(8);
		expect(readSync(reader, bytes)).toBe(4);
		closeSync(reader);
		expect(readdirSync(folder)).toEqual(["fifo"]);
	});

	it("says what keeps it from writing", async () => {
		await expect(writeWhole(join(folder, "nowhere", "out"), "")).rejects.toMatchObject({
			code: "not-written",
			message: `${join(folder, "nowhere", "out")}: cannot be written: no such file or directory`,
		});
	});
});

describe("a place for results", () => {
	it("is tried, and left as it was", async () => {
		await assertWritableFile(join(folder, "out.json"));
		await assertWritableFolder(join(folder, "a", "b"));
		await assertWritableFolder(folder);
		await assertWritableFile("/dev/null");
		expect(readdirSync(folder)).toEqual([]);
	});

	it("is refused when it cannot be written to", async () => {
		await expect(assertWritableFile(folder)).rejects.toThrow("is a folder, not a file");
		await expect(assertWritableFile("/proc/out.json")).rejects.toThrow(/^\/proc: cannot be written to: /);
		await expect(assertWritableFolder("/proc/out")).rejects.toThrow(/^\/proc: cannot be written to: /);
		await expect(assertWritableFolder("/dev/null/out")).rejects.toThrow("/dev/null: is not a folder");
	});

	it("is made with the folders above it, or refused in finite time", async () => {
		await makeFolder(join(folder, "a", "b"));
		await makeFolder(join(folder, "a", "b"));
		expect(readdirSync(join(folder, "a"))).toEqual(["b"]);
		await expect(makeFolder("/proc/a/b")).rejects.toThrow("/proc/a: cannot be written to");
	});
});
