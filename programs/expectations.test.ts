// SPDX-License-Identifier: Apache-2.0
import { access, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { readCatalog } from "../harness/kernel/catalog.js";
import { objectEntries, parseManifest } from "../harness/package/load-manifest.js";
import { codes } from "../harness/reasons/codes.js";
import { type Expectations, expectedCase, readExpectations } from "./expectations.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
/** Objects that `build` does not compile: it cuts one short, and copies the others. */
const withoutSource = ["bad-elf", "xdp-tools"];

const folders = (await readdir(programs, { withFileTypes: true }))
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name);

describe.each(folders)("%s", (folder) => {
	test("has a manifest of its name, and a README", async () => {
		const file = `${programs}${folder}/bpfgate.json`;
		const manifest = parseManifest(file, await readFile(file));
		expect(manifest.name).toBe(folder);
		await access(`${programs}${folder}/README.md`);
	});
});

test.each(folders.filter((name) => !withoutSource.includes(name)))(
	"%s names an object for each source, and no other",
	async (folder) => {
		const file = `${programs}${folder}/bpfgate.json`;
		const manifest = parseManifest(file, await readFile(file));
		const objects = objectEntries(manifest).map((entry) => entry.file);
		const sources = (await readdir(`${programs}${folder}`)).filter((name) => name.endsWith(".bpf.c"));
		expect(objects.sort()).toEqual(sources.map((name) => name.replace(/\.c$/, ".o")).sort());
	},
);

describe("expectations.json", () => {
	let expectations: Expectations;
	beforeAll(async () => {
		expectations = await readExpectations();
	});

	test("has an entry for each package", () => {
		const listed = [...Object.keys(expectations.packages), ...Object.keys(expectations.invalid)];
		expect(listed.sort()).toEqual([...folders].sort());
	});

	test("every bad package fails somewhere, and no other", () => {
		const failing = Object.entries(expectations.packages)
			.filter(([, exceptions]) => exceptions.some(({ outcome }) => outcome === "fail"))
			.map(([name]) => name);
		const bad = folders.filter((name) => name.startsWith("bad-") && !(name in expectations.invalid));
		expect(failing.sort()).toEqual(bad.sort());
	});

	test("names kernels of the catalog and reasons that there are", async () => {
		const known = (await readCatalog()).lines.map(({ id }) => id);
		for (const { kernels, reasons, outcome } of Object.values(expectations.packages).flat()) {
			expect(known).toEqual(expect.arrayContaining(kernels ?? []));
			expect(Object.keys(codes)).toEqual(expect.arrayContaining(reasons ?? []));
			if (outcome === "fail") expect(reasons).toBeDefined();
		}
	});
});

describe("expectedCase", () => {
	const expectations: Expectations = {
		packages: {
			newer: [{ case: "program/peek", outcome: "fail", reasons: ["helper-unknown"], kernels: ["5.10"] }],
			absent: [{ case: "*", outcome: "skip", kernels: ["6.1"] }],
		},
		invalid: {},
	};

	test("a case that is not listed passes", () => {
		expect(expectedCase(expectations, "newer", "5.10", "program/other")).toEqual({ outcome: "pass" });
		expect(expectedCase(expectations, "newer", "6.1", "program/peek")).toEqual({ outcome: "pass" });
	});

	test("a listed one has the outcome and reasons listed", () => {
		expect(expectedCase(expectations, "newer", "5.10", "program/peek")).toEqual({
			outcome: "fail",
			reasons: ["helper-unknown"],
		});
	});

	test("what does not load is not attached", () => {
		expect(expectedCase(expectations, "newer", "5.10", "attach/peek")).toEqual({
			outcome: "fail",
			reasons: ["not-loaded"],
		});
	});

	test("* stands for every case", () => {
		expect(expectedCase(expectations, "absent", "6.1", "attach/whatever")).toEqual({ outcome: "skip" });
	});
});
