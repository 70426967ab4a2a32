// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Package } from "../../../data/package/package.js";
import type { Proposal } from "./proposal.js";
import { conclude, type Dialogue } from "./record-vectors.js";

const before = "vectors:\n  - name: a\n";
const after = `${before}    expect: { retval: 1 }\n`;
const pkg = { name: "p" } as Package;

describe("what was recorded", () => {
	let folder: string;
	let path: string;
	let proposal: Proposal;
	let said: string[];
	beforeEach(async () => {
		folder = await mkdtemp(join(tmpdir(), "bpfgate-record-"));
		path = join(folder, "a.yaml");
		await writeFile(path, before);
		const file = { file: "a.yaml", display: path, bytes: new TextEncoder().encode(before) };
		proposal = { files: [{ file, before, after, vectors: 1 }], left: [], unstable: [], unproven: [] };
		said = [];
	});
	afterEach(() => rm(folder, { recursive: true }));

	const dialogue = (answer?: boolean): Dialogue => ({
		say: (line) => said.push(line),
		show: (diff) => said.push(diff),
		colour: false,
		...(answer === undefined
			? {}
			: {
					ask: async (question: string) => {
						said.push(question);
						return answer;
					},
				}),
	});
	const content = () => readFile(path, "utf8");
	const diff = () =>
		`--- ${path}\n+++ ${path}\n@@ -1,2 +1,3 @@\n vectors:\n   - name: a\n+    expect: { retval: 1 }\n`;

	it("is shown, asked about and written", async () => {
		expect(await conclude(pkg, proposal, {}, dialogue(true))).toBe(0);
		expect(said).toEqual([
			diff(),
			"write 1 vector in 1 file? [y/N] ",
			"1 vector in 1 file written; all of them pass",
		]);
		expect(await content()).toBe(after);
		expect(await readdir(folder)).toEqual(["a.yaml"]);
	});

	it("is not written when the answer is no", async () => {
		expect(await conclude(pkg, proposal, {}, dialogue(false))).toBe(1);
		expect(said.at(-1)).toBe("nothing was written");
		expect(await content()).toBe(before);
	});

	it("is written without a question for --yes alone", async () => {
		expect(await conclude(pkg, proposal, {}, dialogue())).toBe(1);
		expect(said).toEqual([
			diff(),
			"1 vector in 1 file not written: no terminal to confirm at; add --yes to write",
		]);
		expect(await content()).toBe(before);
		expect(await conclude(pkg, proposal, { yes: true }, dialogue())).toBe(0);
		expect(await content()).toBe(after);
	});

	it("is never written for --dry-run, whose exit status says if something would be", async () => {
		expect(await conclude(pkg, proposal, { dryRun: true, yes: true }, dialogue(true))).toBe(1);
		expect(await content()).toBe(before);
		expect(await conclude(pkg, { ...proposal, files: [] }, { dryRun: true }, dialogue())).toBe(0);
		expect(said.at(-1)).toBe(
			"nothing to write: every vector of p that could run has an expectation that holds",
		);
	});

	it("does not overwrite a file that changed in the meantime", async () => {
		await writeFile(path, `# mine\n${before}`);
		await expect(conclude(pkg, proposal, { yes: true }, dialogue())).rejects.toThrow(
			`nothing was written: ${path} changed while its vectors ran`,
		);
		expect(await content()).toBe(`# mine\n${before}`);
	});

	it("is not written when the third run differs", async () => {
		const unproven = [{ case: "a/a", reason: "retval: expected 1, got 2" }];
		await expect(conclude(pkg, { ...proposal, unproven }, { yes: true }, dialogue())).rejects.toMatchObject({
			code: "recording-not-reproduced",
			message: "nothing was written: 1 vector fails with the recorded expectations",
		});
		expect(said.at(-1)).toBe("still fails: a/a: retval: expected 1, got 2");
		expect(await content()).toBe(before);
	});

	it("lists vectors left alone, a failure unless the kernel lacks something", async () => {
		const left = (outcome: "skip" | "fail") => ({
			...proposal,
			files: [],
			left: [{ case: "a/a", outcome, reason: "why" }],
			unstable: [{ case: "a/b", facts: ["maps/m[1].ns", "retval"] }],
		});
		expect(await conclude(pkg, left("skip"), {}, dialogue())).toBe(0);
		expect(said.slice(0, 3)).toEqual([
			"left alone: a/a: why",
			"not recorded: a/b: two runs differ in maps/m[1].ns, retval",
			'  add to the vector: volatile: ["maps/m[1].ns", "retval"]',
		]);
		expect(await conclude(pkg, left("fail"), {}, dialogue())).toBe(1);
	});
});
