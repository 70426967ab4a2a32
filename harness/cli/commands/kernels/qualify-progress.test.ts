// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { plainProgress, qualifyProgress } from "./qualify-progress.js";

const asking = (answered: number, kernel = "6.12") => ({ kernel, area: "tokens", answered, of: 40 }) as const;

it("writes a line at the start, each half minute and at the end, where there is no terminal", () => {
	const lines: string[] = [];
	let now = 0;
	const progress = plainProgress(
		(line) => lines.push(line),
		() => now,
	);
	progress.on(asking(0));
	progress.on(asking(0, "7.3\u001b[2J"));
	for (const [time, answered] of [
		[10_000, 1],
		[30_000, 2],
		[30_001, 3],
		[60_000, 4],
		[60_001, 40],
	] as const) {
		now = time;
		progress.on(asking(answered));
	}
	expect(lines).toEqual([
		"6.12: asking about tokens",
		expect.stringMatching(/^7\.3.*: asking about tokens$/),
		"6.12: tokens: 2 of 40 answers",
		"6.12: tokens: 4 of 40 answers",
		"6.12: tokens: 40 of 40 answers",
	]);
	expect(lines.join()).not.toContain("\u001b");
});

it("rewrites one line for each kernel and area on a terminal, and clears them", () => {
	const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
	const progress = qualifyProgress(stream as unknown as NodeJS.WriteStream);
	const written = () => String(stream.read() ?? "");
	progress.on(asking(0));
	progress.on(asking(0, "7.3"));
	progress.on(asking(12));
	const live = written();
	expect(live).toMatch(/6\.12 +tokens +12 of 40 answers/);
	expect(live).toMatch(/7\.3 +tokens +0 of 40 answers/);
	expect(live).toContain("\u001b[");
	progress.on(asking(40));
	const last = written().split("7.3").at(-1);
	expect(last).not.toContain("6.12");
	progress.end();
	expect(written()).toContain("\u001b[");
});
