// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, expect, it } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "bpfgate-repeat-failed-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const [results, repeated, second] = ["results.json", "repeated.json", "second.json"].map((name) =>
	join(scratch, name),
) as [string, string, string];

/** Outcomes of a file's tests; "hook" is a file that failed by a hook. */
function document(files: Record<string, string[]>) {
	const testResults = Object.entries(files).map(([name, outcomes]) => ({
		name,
		status: outcomes.some((each) => each === "failed" || each === "hook") ? "failed" : "passed",
		assertionResults: outcomes
			.filter((each) => each !== "hook")
			.map((status, index) => ({ status, fullName: `test ${index}` })),
	}));
	return JSON.stringify({ testResults });
}

/** How each file and its tests count after a first and a second run. */
function merged(first: Record<string, string[]>, again?: Record<string, string[]>) {
	rmSync(repeated, { force: true });
	writeFileSync(results, document(first));
	if (again) writeFileSync(second, document(again));
	const script = join(import.meta.dirname, "repeat-failed.mjs");
	const command = again ? ["cp", "-T", second, repeated] : ["true"];
	// The files' names come last; `sh` ignores them.
	const args = [script, results, repeated, "sh", "-c", command.join(" ")];
	const { exitCode, stdout } = execaSync("node", args, { reject: false });
	const suites = JSON.parse(readFileSync(results, "utf8")).testResults as {
		status: string;
		flaky?: boolean;
		assertionResults: { status: string; flaky?: boolean }[];
	}[];
	const said = suites.map(({ status, flaky, assertionResults }) =>
		[
			`${status}${flaky ? " flaky" : ""}:`,
			...assertionResults.map((test) => (test.flaky ? "flaky" : test.status)),
		].join(" "),
	);
	return { exitCode, said, ran: stdout !== "" };
}

it("lists what passes the second time as flaky", () => {
	expect(
		merged(
			{ "a.vm.test.ts": ["passed", "failed"], "b.vm.test.ts": ["passed"] },
			{ "a.vm.test.ts": ["passed", "passed"] },
		),
	).toEqual({ exitCode: 0, said: ["passed: passed flaky", "passed: passed"], ran: true });
	expect(merged({ "a.vm.test.ts": ["passed", "hook"] }, { "a.vm.test.ts": ["passed"] })).toEqual({
		exitCode: 0,
		said: ["passed flaky: passed"],
		ran: true,
	});
	expect(
		merged({ "a.vm.test.ts": ["passed", "failed"] }, { "a.vm.test.ts": ["failed", "passed"] }),
	).toMatchObject({ exitCode: 0, said: ["passed: flaky flaky"] });
});

it("fails what fails twice", () => {
	expect(merged({ "a.vm.test.ts": ["failed", "failed"] }, { "a.vm.test.ts": ["failed", "passed"] })).toEqual({
		exitCode: 1,
		said: ["passed: failed flaky"],
		ran: true,
	});
	expect(merged({ "a.vm.test.ts": ["hook"] }, { "a.vm.test.ts": ["hook"] })).toMatchObject({
		exitCode: 1,
		said: ["failed:"],
	});
	expect(merged({ "a.vm.test.ts": ["failed"] })).toMatchObject({ exitCode: 1, said: ["failed: failed"] });
});

it("repeats neither unit tests nor a run in which much failed", () => {
	expect(merged({ "a.test.ts": ["failed"], "b.vm.test.ts": ["failed"] }, {})).toMatchObject({
		exitCode: 1,
		ran: false,
	});
	const many = Object.fromEntries(
		Array.from({ length: 11 }, (_, index) => [`${index}.vm.test.ts`, ["failed"]]),
	);
	expect(merged(many, many)).toMatchObject({ exitCode: 1, ran: false });
	expect(merged({ "a.vm.test.ts": ["passed"] }, {})).toMatchObject({ exitCode: 1, ran: false });
});
