// SPDX-License-Identifier: Apache-2.0
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../harness/checks/check.js";
import { testbench } from "../harness/checks/vectors/testbench.js";
import { openPackage } from "../harness/package/package.js";
import { kinds, type Mutant, mutants } from "./mutants.js";

const programs = fileURLToPath(new URL(".", import.meta.url));

/** Every mutant, with its package, its kind and a name for its folder. */
const all = Object.entries(mutants).flatMap(([name, table]) =>
	kinds.flatMap((kind) => {
		const listed = table[kind];
		return typeof listed === "string" ? [] : listed.map((mutant) => ({ name, kind, mutant }));
	}),
);
const folderOf = (mutant: Mutant) => `mutant-${all.findIndex((each) => each.mutant === mutant)}`;

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), "bpfgate-mutants-"));
	for (const { name, mutant } of all) await plant(name, mutant);
	// One call: it compiles with the flags that the examples are compiled with.
	const sources = all.map(({ mutant }) => join(scratch, folderOf(mutant), mutant.file));
	await execa(join(programs, "build"), sources);
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** A copy of a package with one mistake in its source, whose object is still to be made. */
async function plant(name: string, mutant: Mutant): Promise<void> {
	const folder = join(scratch, folderOf(mutant));
	await cp(join(programs, name), folder, { recursive: true });
	await rm(join(folder, mutant.file.replace(/c$/, "o")));
	const source = await readFile(join(folder, mutant.file), "utf8");
	const parts = source.split(mutant.search);
	if (parts.length !== 2)
		throw new Error(`${name}/${mutant.file} has ${parts.length - 1} times, not once: ${mutant.search}`);
	await writeFile(join(folder, mutant.file), parts.join(mutant.replace));
}

describe.each(["6.12", "7.3"])("on %s", (kernel) => {
	let bench: Awaited<ReturnType<typeof testbench>>;
	beforeAll(async () => {
		bench = await testbench(kernel);
	});
	afterAll(() => bench[Symbol.asyncDispose]());

	const failing = (findings: Map<string, Finding>) =>
		[...findings.values()].filter(({ outcome }) => outcome !== "pass" && outcome !== "skip");

	it.each(Object.keys(mutants))("%s as it is passes", async (name) => {
		const findings = await bench.check(await openPackage(join(programs, name)));
		expect(findings.size).toBeGreaterThan(0);
		expect(failing(findings)).toEqual([]);
	});

	it.each(all)("$name, $kind: $mutant.message", async ({ mutant }) => {
		expect(mutant.message).toMatch(/^packet \d+( \(frame \d+\))?: .+: expected .+, got /);
		const findings = await bench.check(await openPackage(join(scratch, folderOf(mutant))));
		const finding = findings.get(mutant.case);
		expect(finding).toMatchObject({ outcome: "fail", reason: { code: "vector-mismatch" } });
		expect(finding?.evidence.mismatches).toContain(mutant.message);
	});
});
