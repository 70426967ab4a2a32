// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../base/results.js";
import { sampleObject } from "../data/package/elf/testobject.js";
import { embeddedObjects } from "./embedded-objects.js";
import { countsOf, type ExpectedPackage, packageSummary, packageTable } from "./real-package-summary.js";

describe("objects in files", () => {
	const object = Buffer.from(sampleObject());
	const names = (path: string, ...parts: Uint8Array[]) =>
		embeddedObjects(path, Buffer.concat(parts)).map(({ name, offset, bytes }) => {
			expect(Buffer.from(bytes).equals(object)).toBe(true);
			return [name, offset];
		});
	const padding = Buffer.alloc(100, 0x7f);

	it("are whole files and skeletons in binaries", () => {
		expect(names("usr/lib/bpf/filter.o", object)).toEqual([["filter.bpf.o", 0]]);
		expect(names("usr/lib/bpf/filter.bpf", object)).toEqual([["filter.bpf.o", 0]]);
		expect(names("usr/bin/tool", padding, object, padding)).toEqual([["tool.bpf.o", 100]]);
		expect(names("usr/lib/libx.so.1.2", object, padding, object)).toEqual([
			["libx-1.bpf.o", 0],
			["libx-2.bpf.o", object.length + 100],
		]);
	});

	it("are little-endian eBPF and whole", () => {
		const of = (...parts: Uint8Array[]) => embeddedObjects("x", Buffer.concat(parts));
		expect(of(object.subarray(0, object.length - 1))).toEqual([]);
		expect(of(padding, object.subarray(0, 20))).toEqual([]);
		expect(of(Buffer.from(sampleObject({ littleEndian: false })))).toEqual([]);
		const native = Buffer.from(object);
		native.writeUInt16LE(62, 18);
		expect(of(native)).toEqual([]);
		const endless = Buffer.from(object);
		endless.writeBigUInt64LE(0xffffffffffffffffn, 40);
		expect(of(endless)).toEqual([]);
	});
});

describe("outcomes of a package", () => {
	const result = (outcome: Outcome, code?: string): CaseResult => ({
		...{
			package: "p",
			kernel: "7.3",
			check: "load",
			case: "program/p",
			outcome,
			duration_ms: 1,
			evidence: {},
		},
		...(code ? { reason: { code, message: "m", hint: "h" } } : {}),
	});
	const counts = countsOf([
		result("pass"),
		result("pass"),
		result("skip", "not-loaded"),
		result("fail", "helper-unknown"),
	]);
	const expected: ExpectedPackage = {
		version: "1.0-1",
		why: { "fail helper-unknown": "new helper" },
		outcomes: { "7.3": counts },
	};
	const sound = (version: string, outcomes = counts, known = expected) =>
		packageSummary("p", version, { "7.3": outcomes }, known).sound;

	it("are counted by outcome and code", () => {
		expect(counts).toEqual({ "fail helper-unknown": 1, pass: 2, "skip not-loaded": 1 });
	});

	it("are sound when they are explained and as often there as expected", () => {
		expect(sound("1.0-1")).toBe(true);
		expect(sound("1.0-1", { ...counts, pass: 3 })).toBe(false);
		expect(sound("1.0-1", counts, { ...expected, why: {} })).toBe(false);
		expect(sound("1.1-1", {})).toBe(false);
	});

	it("of another version must be explained, and may be others", () => {
		expect(sound("1.1-1", { ...counts, pass: 3 })).toBe(true);
		expect(sound("1.1-1", { pass: 3, "fail rejected": 1 })).toBe(false);
		const { lines } = packageSummary("p", "1.1-1", { "7.3": counts }, expected);
		expect(lines).toContain("  1.0-1 was expected: only the kinds of outcomes are compared");
	});
});

it("docs/real-packages.md has the expected outcomes", () => {
	const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
	const { packages } = JSON.parse(readFileSync(path("real-packages-expected.json"), "utf8"));
	const page = path("../../docs/real-packages.md");
	const text = readFileSync(page, "utf8").replace(
		/(<!-- packages -->\n)[\s\S]*(<!-- end of packages -->)/,
		(_, before, after) => `${before}\n${packageTable(packages)}\n\n${after}`,
	);
	if (process.env.BPFGATE_WRITE_DOCS === "1") writeFileSync(page, text);
	expect(readFileSync(page, "utf8")).toBe(text);
});
