// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { gatekeepers } from "../../checks/signature/gatekeeper/artifacts.js";
import type { KernelPromise } from "../../lab/promise.js";
import { promisesOf } from "./gatekeeper-promises.js";
import { gatekeeperTables, withTables } from "./gatekeeper-tables.js";
import { gatekeepersQuestion } from "./gatekeepers-question.js";

const promise = (name: string, change: Partial<KernelPromise>): KernelPromise => ({
	name,
	promise: "",
	expected: "it does",
	seen: "it does",
	kept: true,
	evidence: {},
	...change,
});

const document = (promises: KernelPromise[]) => ({
	kernels: [
		{ id: "7.3", release: "7.3", arch: "x86_64", image_sha256: "", promises: { gatekeepers: promises } },
	],
});

describe("tables of gatekeepers", () => {
	it("have a cell for each promise and kernel", () => {
		const name = "deny/unsigned-map";
		const line = (change: Partial<KernelPromise>) => {
			const all = gatekeepersQuestion.names().map((each) => promise(each, each === name ? change : {}));
			const lines = gatekeeperTables(document(all)).split("\n");
			return lines.find((each) => each.startsWith("| `unsigned-map`"));
		};
		expect(line({})).toMatch(/\| yes \| does \|$/);
		expect(line({ weakness: "a gap" })).toMatch(/\| \*\*does not\*\* \|$/);
		expect(line({ kept: false })).toMatch(/\| \*\*broken\*\* \|$/);
		expect(line({ lack: "no LSM" })).toMatch(/\| – \|$/);
	});

	it("are refused for a document that lacks a promise", () => {
		expect(() => gatekeeperTables(document([]))).toThrow(/signature\/attached-before of 7.3/);
	});

	it("replace the measured part of a document only", () => {
		const text = "a\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nb\n";
		expect(withTables(text, "new")).toBe("a\n<!-- measured: begin -->\n\nnew\n\n<!-- measured: end -->\nb\n");
		expect(() => withTables("a", "new")).toThrow(/no lines/);
	});

	it("are in docs/gatekeepers.md for each gatekeeper and each of its cases", async () => {
		const text = await readFile(new URL("../../../docs/gatekeepers.md", import.meta.url), "utf8");
		for (const name of gatekeepers) {
			const from = text.indexOf(`### \`${name}\`\n`);
			const section = text.slice(from, text.indexOf("\n\n###", from + 1));
			expect(from).toBeGreaterThan(0);
			for (const [each, { does }] of promisesOf(name)) expect(section).toContain(`| \`${each}\` | ${does} |`);
		}
	});
});

it("a case that a gatekeeper does not promise says what an attacker gains", () => {
	for (const name of gatekeepers)
		for (const { promised, gap } of promisesOf(name).values()) expect(promised || gap).toBeTruthy();
});
