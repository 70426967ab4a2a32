// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { CaseResult, Results } from "../../../base/results.js";
import { gatekeepers } from "./artifacts.js";
import { promisesOf } from "./cases.js";
import { gatekeeperCases } from "./findings.js";
import { gatekeeperTables, withTables } from "./table.js";

const result = (name: string, change: Partial<CaseResult> = {}): CaseResult => ({
	package: "p",
	kernel: "7.3",
	check: "signature",
	case: name,
	outcome: "pass",
	duration_ms: 1,
	evidence: {},
	...change,
});

const document = (results: CaseResult[]) =>
	({
		kernels: [{ id: "7.3", release: "7.3", arch: "x86_64", image_sha256: "" }],
		results,
	}) as unknown as Results;

describe("tables of gatekeepers", () => {
	it("tell of each case what was measured", () => {
		const all = gatekeeperCases().map((name) => result(name));
		const tell = (name: string, change: Partial<CaseResult>) =>
			gatekeeperTables(document(all.map((each) => (each.case === name ? { ...each, ...change } : each))));
		const line = (text: string) => text.split("\n").find((each) => each.startsWith("| `unsigned-map`"));
		const name = "gatekeeper/deny/unsigned-map";
		expect(line(tell(name, {}))).toMatch(/\| yes \| does \|$/);
		expect(line(tell(name, { evidence: { stopped: false } }))).toMatch(/\| \*\*does not\*\* \|$/);
		expect(line(tell(name, { outcome: "fail" }))).toMatch(/\| \*\*fail\*\* \|$/);
		expect(line(tell(name, { outcome: "skip" }))).toMatch(/\| – \|$/);
	});

	it("are not made from a document that lacks a case", () => {
		expect(() => gatekeeperTables(document([]))).toThrow(/signature\/attached-before on 7.3/);
	});

	it("replace what was measured before, and nothing else", () => {
		const text = "a\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nb\n";
		expect(withTables(text, "new")).toBe("a\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\nb\n");
		expect(() => withTables("a", "new")).toThrow(/no lines/);
	});

	it("are in docs/gatekeepers.md for each gatekeeper and each of its cases", async () => {
		const text = await readFile(new URL("../../../../docs/gatekeepers.md", import.meta.url), "utf8");
		for (const name of gatekeepers) {
			const from = text.indexOf(`### \`${name}\`\n`);
			const section = text.slice(from, text.indexOf("\n\n###", from + 1));
			expect(from).toBeGreaterThan(0);
			for (const [each, { keeps }] of promisesOf(name))
				expect(section).toContain(`| \`${each}\` | ${keeps} |`);
		}
	});
});

describe("cases of gatekeepers", () => {
	it("that are not promised say what is not stopped", () => {
		for (const name of gatekeepers) {
			for (const { promised, opens } of promisesOf(name).values()) expect(promised || opens).toBeTruthy();
		}
	});
});
