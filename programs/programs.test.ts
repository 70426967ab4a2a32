// SPDX-License-Identifier: Apache-2.0
import { access, readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Expectations, parseExpectations } from "../harness/cli/commands/examples/expectations.js";
import { objectEntries, parseManifest } from "../harness/data/package/manifest/load-manifest.js";
import { reasons as registry } from "../harness/data/reasons/registry/registry.js";
import { lintCodes } from "../harness/data/signing/lint/finding.js";
import { readCatalog } from "../harness/machine/kernel/catalog.js";
import { ownSigned, signedExamples } from "./signed.js";

const programs = fileURLToPath(new URL(".", import.meta.url));
/**
 * Objects that `build` does not compile: it cuts one short, copies those of Debian, and has those
 * that came signed.
 */
const signed = [...signedExamples.map((each) => each.package), ...Object.values(ownSigned)];
const withoutSource = ["bad-elf", "xdp-tools", ...signed];
/** Reasons of failures that no kernel gives, so that harness/data/reasons does not explain them. */
const reasonsOfVectors = ["vector-mismatch", "vector-drift"];
const reasonsOfChains = [
	"chain-configured",
	"chain-executed",
	"member-never-ran",
	"chain-order",
	"chain-window",
];
const reasonsOfTokens = ["too-wide", "too-narrow"];
const reasonsOfSignatures = ["package-signature", "host-override", ...lintCodes];

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
		const file = `${programs}expectations.json`;
		expectations = parseExpectations(file, await readFile(file, "utf8"));
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
		const known = [...(await readCatalog()).lines.map(({ id }) => id), "between"];
		for (const { kernels, reasons, outcome } of Object.values(expectations.packages).flat()) {
			expect(known).toEqual(expect.arrayContaining(kernels ?? []));
			const verdicts = reasons?.filter((code) => code !== "not-loaded") ?? [];
			const explained = [
				...Object.keys(registry),
				...reasonsOfVectors,
				...reasonsOfChains,
				...reasonsOfTokens,
				...reasonsOfSignatures,
			];
			if (outcome === "fail") expect(explained).toEqual(expect.arrayContaining(verdicts));
			expect(reasons).toBeDefined();
		}
	});
});
