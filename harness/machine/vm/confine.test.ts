// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Confinement, confined, confinePath } from "./confine.js";

let scratch: string;
let breakOut: string;
let listeners: Server[];
const root = process.getuid?.() === 0;
const there = "what is there\n".repeat(1000);

beforeAll(async () => {
	scratch = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
	breakOut = join(scratch, "break-out");
	const source = join(import.meta.dirname, "testdata/break-out.c");
	execFileSync("gcc", ["-std=gnu11", "-Wall", "-Wextra", "-Werror", source, "-o", breakOut]);
	listeners = [createServer().listen(join(scratch, "socket")), createServer().listen(0, "127.0.0.1")];
	await Promise.all(listeners.map((listener) => once(listener, "listening")));
});
afterAll(() => {
	for (const listener of listeners) listener.close();
	rmSync(scratch, { recursive: true });
});
beforeEach(() => {
	rmSync(join(scratch, "folder"), { recursive: true, force: true });
	mkdirSync(join(scratch, "folder"));
	for (const file of ["secret", "folder/there", "read"]) writeFileSync(join(scratch, file), there);
	writeFileSync(join(scratch, "write"), Buffer.alloc(8192));
	for (const folder of ["", "folder"]) chmodSync(join(scratch, folder), 0o777);
	for (const file of ["secret", "folder/there", "read", "write", "socket"])
		chmodSync(join(scratch, file), 0o666);
});

/** What each attempt came to; `command` runs the one that tries. */
function attempts(command: string, before: string[]): Record<string, string> {
	const { port } = listeners[1]!.address() as AddressInfo;
	const place = [join(scratch, "secret"), join(scratch, "folder"), join(scratch, "socket")];
	const args = [...before, ...place, String(process.pid), String(port)];
	const files = [openSync(join(scratch, "read"), "r"), openSync(join(scratch, "write"), "r+")];
	const { stdout, stderr, status } = spawnSync(command, args, {
		encoding: "utf8",
		stdio: ["ignore", "pipe", "pipe", ...files],
	});
	expect(status, stderr).toBe(0);
	return Object.fromEntries(stdout.split("\n").flatMap((line) => (line ? [line.split(": ")] : [])));
}

const confinedAttempts = (confinement: Confinement) =>
	attempts(confinePath, confined(confinement, breakOut, []));

describe("who breaks out of QEMU", () => {
	const nothing = {
		"read a secret": "EACCES",
		"list a folder": "EACCES",
		"make a file": "EACCES",
		"change a file": "EACCES",
		"cut a file": "EACCES",
		"remove a file": "EACCES",
		"make a folder": "EACCES",
		"open for writing what was open for reading": "EACCES",
		"write to an open file": "EFBIG",
		"cut an open file": "EPERM",
		"make a hole in an open file": "EPERM",
		"map an open file": "EPERM",
		"connect to a Unix socket": "EPERM",
		"connect to a port": "EPERM",
		"send a signal to the runner": "EPERM",
		"trace the runner": "EPERM",
		"read the runner's memory": "EPERM",
		"become root": "EPERM",
		"use bpf()": "EPERM",
		"make a namespace": "EPERM",
		mount: "EPERM",
		"load a module": "EPERM",
		"take much memory": "ENOMEM",
	};

	it.runIf(root)("gets nothing, as a user without privileges", () => {
		expect(confinedAttempts({ unprivileged: true })).toEqual(nothing);
		expect(readFileSync(join(scratch, "folder/there"), "utf8")).toBe(there);
		expect(readFileSync(join(scratch, "write"))).toEqual(Buffer.alloc(8192));
	});

	it("gets nothing, as the user of the runner", () => {
		expect(confinedAttempts({})).toEqual({ ...nothing, ...(root ? { "become root": "done" } : {}) });
		expect(readFileSync(join(scratch, "folder/there"), "utf8")).toBe(there);
	});

	it.runIf(root)("would get most of it without confinement", () => {
		const [, ...refused] = Object.entries(attempts(breakOut, [])).filter(([, outcome]) => outcome !== "done");
		expect(refused.map(([name]) => name)).toEqual([]);
	});

	it("gets what the maker of a template needs, when it is one", () => {
		const outcomes = confinedAttempts({ file: 2 ** 20, sockets: true, shared: true });
		expect(outcomes).toMatchObject({
			"write to an open file": "done",
			"map an open file": "done",
			"connect to a Unix socket": "done",
			"connect to a port": "EACCES",
			"change a file": "EACCES",
			"make a file": "EACCES",
		});
	});
});

it("ends at once when its runner has ended, and says what it cannot run", () => {
	const run = (args: string[]) => spawnSync(confinePath, args, { encoding: "utf8" });
	const orphaned = confined({}, "echo", ["ran"]).map((arg) => (arg === String(process.pid) ? "1" : arg));
	expect(run(orphaned)).toMatchObject({ status: 126, stdout: "" });
	expect(run(confined({}, "echo", ["ran"]))).toMatchObject({ status: 0, stdout: "ran\n" });
	expect(run(confined({}, "no-such-emulator", []))).toMatchObject({
		status: 126,
		stderr: "no-such-emulator: No such file or directory\n",
	});
	expect(run([]).stderr).toMatch(/^usage: /);
});
