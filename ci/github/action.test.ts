// SPDX-License-Identifier: Apache-2.0
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-action-"));
	for (const each of ["ci/github", "dist/bin", "kernels"]) mkdirSync(join(folder, each), { recursive: true });
	cpSync(join(import.meta.dirname, "test"), join(folder, "ci/github/test"));
	cpSync(join(import.meta.dirname, "../patiently"), join(folder, "ci/patiently"));
	writeFileSync(join(folder, "ci/setup"), `#!/bin/sh\necho setup "$@" >>${folder}/calls\n`);
	chmodSync(join(folder, "ci/setup"), 0o755);
	writeFileSync(join(folder, "kernels/catalog.json"), "{}");
	writeFileSync(
		join(folder, "dist/bin/bpfgate.js"),
		`require("node:fs").appendFileSync(${JSON.stringify(`${folder}/calls`)}, process.argv.slice(2).join(" ") + "\\n");
if (process.argv[2] === "test") { console.log("| a table |"); process.exitCode = 1; }`,
	);
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(step: string, env: Record<string, string>) {
	const script = join(folder, "ci/github/test");
	return execaSync(script, [step], { env: { KERNELS: "default", ...env }, reject: false });
}

describe("the GitHub Action", () => {
	it("passes its inputs on, and ends with the status of the test", () => {
		const summary = join(folder, "summary.md");
		const result = run("run", {
			...{ PACKAGES: "one\ntwo  three", KERNELS: "6.1,6.12", CHECKS: "load token", JOBS: "2" },
			...{ OUT: "/out", GITHUB_STEP_SUMMARY: summary },
		});
		expect(result.exitCode).toBe(1);
		expect(readFileSync(join(folder, "calls"), "utf8").split("\n")).toEqual([
			"setup --build",
			"kernels pull 6.1 6.12",
			"test one two three --kernels 6.1,6.12 --report /out --reporter markdown --check load --check token --jobs 2",
			"",
		]);
		expect(readFileSync(summary, "utf8")).toBe("| a table |\n");
	});

	it("names its cache after the catalog", () => {
		const first = run("key", {}).stdout;
		expect(first).toMatch(/^prefix=(bpfgate-\w+-default-)\nkey=\1[0-9a-f]{16}$/);
		expect(run("key", {}).stdout).toBe(first);
		writeFileSync(join(folder, "kernels/catalog.json"), "[]");
		expect(run("key", {}).stdout).not.toBe(first);
	});

	it("gives the script every input, and keeps the report when the test fails", () => {
		const action = parse(readFileSync(join(import.meta.dirname, "action.yml"), "utf8"));
		const steps: { env?: object; if?: string; with?: object }[] = action.runs.steps;
		const used = JSON.stringify(steps);
		for (const input of Object.keys(action.inputs)) expect(used).toContain(`\${{ inputs.${input} }}`);
		expect(steps.at(-1)).toMatchObject({
			if: "always()",
			with: { path: `\${{ runner.temp }}/bpfgate` },
		});
	});
});
