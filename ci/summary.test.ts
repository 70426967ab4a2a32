// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execaSync } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("summary.mjs", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "bpfgate-summary-"));
const file = join(scratch, "results.json");

function summary(suites: object[] | string | undefined, ...args: string[]) {
	rmSync(file, { force: true });
	if (typeof suites === "string") writeFileSync(file, suites);
	else if (suites) writeFileSync(file, JSON.stringify({ testResults: suites }));
	const { stdout, exitCode } = execaSync("node", [script, file, ...args], { reject: false, cwd: scratch });
	return { lines: stdout.split("\n"), exitCode };
}

function suite(name: string, outcomes: string[], status = "passed") {
	const assertionResults = outcomes.map((outcome, index) => ({ status: outcome, fullName: `test ${index}` }));
	return { name: join(scratch, name), status, assertionResults, startTime: 0, endTime: 1500 };
}

describe("ci/summary.mjs", () => {
	afterAll(() => rmSync(scratch, { recursive: true }));

	it("lists suites and names what failed", () => {
		const suites = [
			suite("a.test.ts", ["passed", "pending"]),
			suite("b.test.ts", ["passed", "failed"], "failed"),
		];
		expect(summary(suites)).toEqual({
			lines: [
				"    1.5 s  a.test.ts: 1 passed, 0 failed, 1 skipped",
				"    1.5 s  b.test.ts: 1 passed, 1 failed",
				"FAILED  b.test.ts: test 1",
			],
			exitCode: 1,
		});
	});

	it("names what was flaky, and passes", () => {
		const [one, other] = [suite("a.vm.test.ts", ["passed"]), suite("b.vm.test.ts", ["passed"])];
		Object.assign(one.assertionResults[0]!, { flaky: true });
		const { lines, exitCode } = summary([one, { ...other, flaky: true }]);
		expect(lines.slice(2)).toEqual(["flaky   a.vm.test.ts: test 0", "flaky   b.vm.test.ts: the file itself"]);
		expect(exitCode).toBe(0);
	});

	it("counts all of them", () => {
		const suites = [suite("a", ["passed", "passed"]), suite("b", ["passed"])];
		expect(summary(suites, "--count", "0")).toEqual({ lines: ["3 passed, 0 failed"], exitCode: 0 });
	});

	it("counts a suite that could not be loaded", () => {
		const suites = [suite("a", ["passed"]), suite("b", [], "failed")];
		expect(summary(suites, "--count", "1")).toEqual({ lines: ["1 passed, 1 failed"], exitCode: 1 });
	});

	it("counts a failure of lint or coverage, where no test failed", () => {
		expect(summary([suite("a", ["passed"])], "--count", "1").lines).toEqual(["1 passed, 1 failed"]);
	});

	it.each([undefined, "{", []])("never calls a run without results a success: %j", (content) => {
		expect(summary(content, "--count", "0")).toEqual({ lines: ["0 passed, 1 failed"], exitCode: 1 });
	});
});
