// SPDX-License-Identifier: Apache-2.0
import { openSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cacheRoot } from "./cache-root.js";
import { hostFailure, InputError, systemReason } from "./errors.js";

it("an InputError is one line of file, place and reason", () => {
	expect(new InputError("a.o", "section .maps", "is empty").message).toBe("a.o: section .maps: is empty");
	expect(new InputError("a.o", "", "is empty").message).toBe("a.o: is empty");
});

it("an InputError is readable also when it quotes a long text", () => {
	const name = "a".repeat(100_000);
	const { message, place, reason } = new InputError("a.o", `/maps/${name}/size`, `"${name}" is too long`);
	expect(place).toMatch(/^\/maps\/a+ \[…\] a+\/size$/);
	expect(reason).toMatch(/^"a+ \[…\] a+" is too long$/);
	expect(message).toBe(`a.o: ${place}: ${reason}`);
	expect(message.length).toBeLessThan(1100);
});

it("a failed system call is reported in the system's words", async () => {
	const failed = await mkdir("/dev/null/a, b").catch((error: unknown) => error);
	expect(systemReason(failed)).toBe("not a directory");
	expect(systemReason(new Error("two\nlines"))).toBe("two");
	expect(hostFailure(failed)).toMatchObject({
		code: "host-failed",
		message: "/dev/null/a, b: not a directory (mkdir)",
		hint: "move the file that stands where a folder should be, or name another place",
	});
});

it.each([
	[join(cacheRoot(), "templates"), "name another folder with BPFGATE_CACHE"],
	[join(tmpdir(), "bpfgate-1"), "name another folder with TMPDIR"],
	["/report", "name another place"],
	[undefined, "name another folder with BPFGATE_CACHE or TMPDIR"],
])("a full disk at %s: %s", (path, where) => {
	const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
		...{ code: "ENOSPC", syscall: "write" },
		...(path === undefined ? {} : { path }),
	});
	expect(hostFailure(full)?.hint).toBe(`free some space there, or ${where}`);
});

it("a read-only cache is named", () => {
	const path = join(cacheRoot(), "initramfs");
	const refused = Object.assign(new Error(`EROFS: read-only file system, mkdir '${path}'`), {
		...{ code: "EROFS", syscall: "mkdir", path },
	});
	expect(hostFailure(refused)?.message).toBe(
		`the cache ${cacheRoot()} is read-only: ${path}: read-only file system (mkdir)`,
	);
});

it("a defect of bpfgate is not reported as a failure of the host", () => {
	expect(hostFailure(new TypeError("x is not a function"))).toBeUndefined();
	expect(hostFailure("text")).toBeUndefined();
	expect(() => openSync("/dev/null", "no flag")).toThrow(expect.toSatisfy((error) => !hostFailure(error)));
});
