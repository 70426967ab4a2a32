// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterAll, describe, expect, it } from "vitest";

const script = join(import.meta.dirname, "compare-results.mjs");
const scratch = mkdtempSync(join(tmpdir(), "bpfgate-compare-"));
afterAll(() => rmSync(scratch, { recursive: true }));

type Case = [check: string, name: string, outcome: string, code?: string];

function compare(before: Case[], after: Case[], renames: object) {
	const write = (name: string, value: object) => {
		const path = join(scratch, name);
		writeFileSync(path, JSON.stringify(value));
		return path;
	};
	const document = (cases: Case[]) => ({
		results: cases.map(([check, name, outcome, code]) => ({
			...{ package: "p", kernel: "6.12", check, case: name, outcome },
			...(code === undefined ? {} : { reason: { code } }),
		})),
	});
	const files = [
		write("before", document(before)),
		write("after", document(after)),
		write("renames", renames),
	];
	const { stdout, exitCode } = execaSync("node", [script, ...files], { reject: false });
	return { lines: stdout.split("\n"), exitCode };
}

const renames = {
	renamed: [{ from: "chain/(.*)/twice", to: "chain/$1/rebuild" }],
	moved: [{ case: "chain/.*/limit" }],
	codes: { old: "new" },
};

describe("ci/compare-results.mjs", () => {
	it("accepts equal cells, renamed and moved cases, and renamed codes", () => {
		const before: Case[] = [
			["load", "a", "pass"],
			["load", "b", "fail", "old"],
			["chain", "x/twice", "skip", "y"],
			["chain", "x/limit", "pass"],
		];
		const after: Case[] = [
			["chain", "x/rebuild", "skip", "y"],
			["load", "b", "fail", "new"],
			["load", "a", "pass"],
		];
		expect(compare(before, after, renames)).toEqual({
			lines: ["3 cells before, 3 now, 0 differ"],
			exitCode: 0,
		});
	});

	it("prints other outcomes, other codes, and cases that only one document has", () => {
		const before: Case[] = [
			["load", "a", "pass"],
			["load", "b", "fail", "one"],
			["load", "c", "pass"],
		];
		const after: Case[] = [
			["load", "a", "error", "guest-lost"],
			["load", "b", "fail", "two"],
			["load", "d", "pass"],
		];
		expect(compare(before, after, renames)).toEqual({
			lines: [
				"p on 6.12: load/a: pass before, error (guest-lost) now",
				"p on 6.12: load/b: fail (one) before, fail (two) now",
				"p on 6.12: load/c: pass before, missing now",
				"p on 6.12: load/d: missing before, pass now",
				"3 cells before, 3 now, 4 differ",
			],
			exitCode: 1,
		});
	});

	it("has every rename in CHANGELOG.md", () => {
		const changelog = readFileSync(join(import.meta.dirname, "../CHANGELOG.md"), "utf8");
		const { renamed } = JSON.parse(readFileSync(join(import.meta.dirname, "renamed-cases.json"), "utf8"));
		const last = (name: string) => name.replaceAll(/\(.*?\)|\$\d|\\./g, "").replace(/^\w+\/+|\/+$/g, "");
		for (const { from, to } of renamed)
			for (const name of [from, to]) expect(changelog, `${from} -> ${to}`).toContain(last(name));
	});
});
