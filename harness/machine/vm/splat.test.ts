// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SplatReader } from "./splat.js";

const golden = join(import.meta.dirname, "testdata");

function splatsIn(log: string) {
	const reader = new SplatReader();
	for (const line of log.split(/\r*\n/)) reader.line(line);
	return reader.splats;
}

describe("splats in golden logs", () => {
	const logs = readdirSync(golden, { withFileTypes: true }).filter((each) => each.isDirectory());
	it.each(logs.map(({ name }) => name))("%s", (name) => {
		const log = readFileSync(join(golden, name, "console.txt"), "utf8");
		const expected: unknown = JSON.parse(readFileSync(join(golden, name, "expected.json"), "utf8"));
		const found = splatsIn(log).map(({ kind, title, text }) => {
			const lines = text.split("\n");
			return { kind, title, lines: lines.length };
		});
		expect(found).toEqual(expected);
	});
});

describe("splat reader", () => {
	const panic = "[    1.000000] Kernel panic - not syncing: x";

	it("keeps the whole report with its time stamps", () => {
		const log = readFileSync(join(golden, "panic-7.3", "console.txt"), "utf8");
		expect(splatsIn(log)[0]?.text).toBe(log.slice(log.indexOf("\n") + 1).trimEnd());
	});

	it("finds a kernel line after an unfinished line of a process", () => {
		expect(splatsIn(`half a line${panic}`)).toHaveLength(1);
		expect(splatsIn(`[    0.900000] harmless${panic}`)).toHaveLength(1);
	});

	it("does not mistake a process's line for the kernel's", () => {
		expect(splatsIn("Kernel panic - not syncing: x\nBUG: y\n")).toEqual([]);
	});

	it("takes a panic for want of memory for that, and no other", () => {
		const kindsOf = (text: string) => splatsIn(`[    1.000000] Kernel panic - not syncing: ${text}`)[0]?.kind;
		expect(kindsOf("System is deadlocked on memory")).toBe("out-of-memory");
		expect(kindsOf("Out of memory: system-wide panic_on_oom is enabled")).toBe("out-of-memory");
		expect(kindsOf("Attempted to kill init!")).toBe("panic");
	});

	it("bounds the number of reports and the size of each", () => {
		const reader = new SplatReader();
		for (let n = 0; n < 100; n++) {
			reader.line("[    1.000000] BUG: sleeping function called from invalid context");
			for (let line = 0; line < 130; line++) reader.line(`[    1.000000] ${"x".repeat(1000)}`);
		}
		expect(reader.splats).toHaveLength(32);
		expect(reader.dropped).toBe(68);
		for (const splat of reader.splats) expect(splat.text.length).toBeLessThanOrEqual(16 * 1024);
	});

	it("keeps reports of each kind, however many there are of another", () => {
		const reader = new SplatReader();
		for (let n = 0; n < 100; n++) reader.line(`[    1.000000] BUG: flood ${n}`);
		reader.line("[    2.000000] WARNING: CPU: 0 PID: 1 at kernel/x.c:1 x+0x0/0x1");
		reader.line("[    2.000001] more of it");
		reader.line("[    3.000000] BUG: one more");
		expect(reader.splats).toHaveLength(33);
		expect(reader.splats.at(-1)).toMatchObject({ kind: "warn", text: expect.stringMatching(/more of it$/) });
	});

	it("does not add the runner's marks to an unfinished report", () => {
		const log =
			"[    1.0] x\n[    1.000000] BUG: y\n[    1.000001] more\n[    2.000000] bpfgate: mark 0123456789abcdef0123456789abcdef\n[    3.000000] z";
		expect(splatsIn(log)).toEqual([
			{ kind: "bug", title: "BUG: y", text: "[    1.000000] BUG: y\n[    1.000001] more" },
		]);
	});
});
