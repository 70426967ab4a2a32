// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { CaseResult, Outcome } from "../../base/results.js";
import type { RunEvent } from "../../run/events.js";
import { plainProgress, progressOn } from "./progress.js";

function finding(outcome: Outcome): RunEvent {
	const result: CaseResult = {
		package: "a",
		kernel: "6.1",
		check: "load",
		case: "x",
		outcome,
		duration_ms: 1,
		evidence: {},
	};
	return { type: "finding", result };
}

const events: RunEvent[] = [
	{ type: "run-start", cells: 2 },
	{ type: "kernel-prepare", kernel: "6.1", step: "booting" },
	{ type: "cell-start", package: "a", kernel: "6.1" },
	finding("pass"),
	finding("fail"),
	{ type: "cell-end", package: "a", kernel: "6.1" },
	{ type: "cell-start", package: "b\u001b[2J", kernel: "6.12" },
	{ type: "cell-end", package: "b\u001b[2J", kernel: "6.12" },
];

describe("progress", () => {
	it("writes a line for each kernel without a terminal", () => {
		const lines: string[] = [];
		let time = 0;
		const progress = plainProgress(
			(line) => lines.push(line),
			() => (time += 500),
		);
		const cell = (type: "cell-start" | "cell-end", name: string, kernel: string) =>
			progress.on({ type, package: name, kernel });
		progress.on({ type: "run-start", cells: 4 });
		cell("cell-start", "a", "5.10");
		cell("cell-start", "b", "5.10");
		cell("cell-end", "a", "5.10");
		cell("cell-start", "a", "6.1");
		progress.on(finding("fail"));
		expect(lines).toEqual([]);
		cell("cell-end", "b", "5.10");
		expect(lines).toEqual(["[2/4] 5.10: 2 not run (1.0 s)"]);
		cell("cell-start", "b", "6.1");
		cell("cell-end", "a", "6.1");
		cell("cell-end", "b", "6.1");
		expect(lines.slice(1)).toEqual(["[4/4] 6.1: 1 fail; 1 not run (1.0 s)"]);
	});

	it("names the package when a kernel has only one", () => {
		const lines: string[] = [];
		const progress = plainProgress((line) => lines.push(line));
		for (const event of events) progress.on(event);
		progress.end();
		expect(lines).toEqual(["6.1: booting", "[1/2] a on 6.1: fail", "[2/2] b\\u{1b}[2J on 6.12: not run"]);
	});

	it("reports each explored program without a terminal: start, every half minute, end", () => {
		const lines: string[] = [];
		let time = 0;
		const progress = plainProgress(
			(line) => lines.push(line),
			() => time,
		);
		for (const [done, now] of [
			[0, 1_000],
			[5, 20_000],
			[9, 31_000],
			[12, 60_000],
			[14, 61_000],
			[50, 62_000],
		] as const) {
			time = now;
			progress.on({ type: "explore", name: "a count", done, mutants: 50 });
		}
		expect(lines).toEqual([0, 9, 14, 50].map((done) => `exploring a count: ${done} of 50 mutants`));
	});

	it("keeps one line up to date on a terminal and clears it at the end", () => {
		const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 40, rows: 24 });
		const progress = progressOn(stream as unknown as NodeJS.WriteStream);
		for (const event of events.slice(0, 5)) progress.on(event);
		const shown = stripVTControlCharacters(String(stream.read()));
		expect(shown).toContain("[0/2] 6.1: booting");
		expect(shown).toContain("[0/2] 1 failed a on 6.1");
		progress.end();
		expect(String(stream.read())).toContain("\u001b[2K");
	});
});
