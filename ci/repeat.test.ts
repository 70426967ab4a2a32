// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, expect, it } from "vitest";

const scratch = mkdtempSync(join(tmpdir(), "bpfgate-repeat-test-"));
afterAll(() => rmSync(scratch, { recursive: true }));
mkdirSync(join(scratch, "ci"));
mkdirSync(join(scratch, "dist/bin"), { recursive: true });
for (const name of ["repeat.mjs", "compare-results.mjs"])
	writeFileSync(join(scratch, "ci", name), readFileSync(join(import.meta.dirname, name)));
symlinkSync(join(import.meta.dirname, "../package.json"), join(scratch, "package.json"));

/** Repeats a bpfgate that answers with one outcome after the other; "" is a run without results. */
function repeat(...outcomes: string[]) {
	writeFileSync(join(scratch, "outcomes.json"), JSON.stringify(outcomes));
	writeFileSync(
		join(scratch, "dist/bin/bpfgate.js"),
		`import { readFileSync, writeFileSync } from "node:fs";
		const file = ${JSON.stringify(join(scratch, "outcomes.json"))};
		const [outcome, ...rest] = JSON.parse(readFileSync(file, "utf8"));
		writeFileSync(file, JSON.stringify(rest));
		const one = { package: "p", kernel: "6.12", check: "chain", case: "a", outcome };
		if (outcome) writeFileSync(process.argv.at(-1), JSON.stringify({ results: [one] }));
		else console.error("bpfgate: no");
		process.exit(outcome === "pass" ? 0 : outcome ? 1 : 2);`,
	);
	const argv = [join(scratch, "ci/repeat.mjs"), `${outcomes.length}`, "p", "--check", "chain"];
	const { stdout, exitCode } = execaSync("node", argv, { reject: false });
	return { lines: stdout.replace(/ in \d+ s:/, " in N s:").split("\n"), exitCode };
}

it("accepts runs that are all alike, whatever they say", () => {
	expect(repeat("fail", "fail", "fail")).toEqual({
		lines: ["3 runs of 1 cases in N s: 0 differ from the first"],
		exitCode: 0,
	});
});

it("prints each difference from the first run, and runs without results", () => {
	const { lines, exitCode } = repeat("pass", "fail", "pass", "");
	expect(lines.join("\n")).toContain("run 2: p on 6.12: chain/a: pass before, fail now");
	expect(lines).toContain("run 4 ended with 2: bpfgate: no");
	expect(lines.at(-1)).toBe("4 runs of 1 cases in N s: 2 differ from the first");
	expect(exitCode).toBe(1);
	expect(repeat("").exitCode).toBe(1);
});
