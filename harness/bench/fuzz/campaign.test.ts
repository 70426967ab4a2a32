// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

// As it is used: threads cannot load TypeScript.
const compiled = fileURLToPath(new URL("../../../dist/bench/fuzz/", import.meta.url));
const module = pathToFileURL(join(compiled, "testtargets.js")).href;
let out: string;
beforeAll(() => {
	out = mkdtempSync(join(tmpdir(), "bpfgate-fuzz-"));
});
afterAll(() => rmSync(out, { recursive: true }));

const campaign = (...args: string[]) =>
	execa("node", [join(compiled, "main.js"), "--module", module, "--out", out, "--seed", "3", ...args], {
		reject: false,
	});

it("counts what a sound parser accepts and refuses", async () => {
	const { exitCode, stdout } = await campaign("--runs", "1500", "sound");
	expect(stdout).toMatch(/^sound +150\d +\d+ +\d+ +\d+ +0$/m);
	expect(exitCode).toBe(0);
	expect(readdirSync(out)).toEqual([]);
});

it.each([
	["crashes", /crash: TypeError/, (input: Buffer) => input.length > 20],
	["slow", /slow: \d+ ms of processor time/, (input: Buffer) => input.length > 1000],
	["endless", /slow: no end after/, (input: Buffer) => input.length < 5],
	["greedy", /memory: \d+ MiB/, (input: Buffer) => input.length < 5],
	["hoarding", /memory: all that a thread gets/, (input: Buffer) => input.length < 5],
	["forgeable", /accepted: 11 bytes/, (input: Buffer) => input.length === 11],
	["wordy", /message: 2003 characters/, () => true],
])("finds what is wrong with a parser: %s", async (name, message, shows) => {
	const { exitCode, stdout } = await campaign("--runs", "1000", name);
	expect(stdout).toMatch(message);
	expect(exitCode).toBe(1);
	const [file] = readdirSync(out).filter((each) => each.startsWith(`${name}-`));
	expect(shows(readFileSync(join(out, file!)))).toBe(true);
});

it.each([
	[["--runs", "many"], "fuzz: --runs many: is not a whole number"],
	[["nothing"], "fuzz: nothing: is not one of sound, crashes"],
])("refuses %j", async (args, message) => {
	const { exitCode, stderr } = await campaign(...args);
	expect(stderr).toContain(message);
	expect(exitCode).toBe(2);
});
