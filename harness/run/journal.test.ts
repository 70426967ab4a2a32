// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import {
	appendFileSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	utimesSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { earlierCells, Journal, type JournalCell, lineOf } from "./journal.js";

let folder: string;
beforeEach(() => {
	folder = join(mkdtempSync(join(tmpdir(), "bpfgate-journal-")), "journals");
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

const cell = (n: number, outcome: "pass" | "fail" = "pass"): JournalCell => ({
	key: n.toString(16).padStart(64, "0"),
	finished: "2026-01-01T00:00:00.000Z",
	release: "6.1.0",
	results: [
		{ package: "p", kernel: "6.1", check: "load", case: `c${n}`, outcome, duration_ms: 1, evidence: {} },
	],
});

async function killed(...cells: JournalCell[]): Promise<string> {
	const journal = new Journal(folder);
	for (const each of cells) await journal.add(each);
	await journal.end(false);
	const [name] = readdirSync(folder);
	return join(folder, name!);
}

const keysOf = async () =>
	[...(await earlierCells(folder)).cells.keys()].map((key) => Number.parseInt(key, 16));

describe("a journal", () => {
	it("gives back what a run that did not end had finished", async () => {
		const path = await killed(cell(1), cell(2, "fail"));
		const { cells, damaged } = await earlierCells(folder);
		expect([...cells.values()]).toEqual([
			{ ...cell(1), path },
			{ ...cell(2, "fail"), path },
		]);
		expect(damaged.size).toBe(0);
	});

	it("is gone when the run ended, and was never there when nothing was finished", async () => {
		const journal = new Journal(folder);
		await journal.end(true);
		expect(await earlierCells(folder)).toEqual({ cells: new Map(), damaged: new Map() });
		const other = new Journal(folder);
		await other.add(cell(1));
		await other.end(true);
		expect(readdirSync(folder)).toEqual([]);
	});

	it("is cut at every byte: whole lines stay, and the cut one is no damage", async () => {
		const lines = [lineOf(cell(1)), lineOf(cell(2))];
		const path = await killed(cell(1), cell(2));
		const text = lines.join("");
		for (let length = 0; length <= text.length; length++) {
			writeFileSync(path, text.slice(0, length));
			const { cells, damaged } = await earlierCells(folder);
			const whole = length === text.length ? 2 : length >= lines[0]!.length ? 1 : 0;
			expect([length, cells.size, damaged.size]).toEqual([length, whole, 0]);
		}
	});

	it("with a bit changed at any byte gives no cell that differs", async () => {
		const path = await killed(cell(1));
		const bytes = readFileSync(path);
		for (let at = 0; at < bytes.length; at++) {
			const changed = Buffer.from(bytes);
			changed[at]! ^= 1 << (at & 7);
			writeFileSync(path, changed);
			for (const found of (await earlierCells(folder)).cells.values())
				expect(found).toEqual({ ...cell(1), path });
		}
	});

	it.each([
		["text", "nothing of ours"],
		["JSON of another kind", '["x",{}]'],
		["a line with a right digest and wrong content", lineOf({ ...cell(3), results: [{}] } as never)],
		["a line with an unknown key", lineOf({ ...cell(3), more: 1 } as never)],
		["a digest over text that is no JSON", '["0000",{]'],
		["deep nesting", `["0",${"[".repeat(100_000)}]`],
	])("with %s says so, and gives the other cells", async (_, line) => {
		const path = await killed(cell(1));
		appendFileSync(path, `${line.trimEnd()}\n${lineOf(cell(2))}`);
		expect(await keysOf()).toEqual([1, 2]);
		expect([...(await earlierCells(folder)).damaged]).toEqual([[path, 1]]);
	});

	it("that is no regular file is not opened, and said", async () => {
		const path = await killed(cell(1));
		rmSync(path);
		execFileSync("mkfifo", [path]);
		expect([...(await earlierCells(folder)).damaged]).toEqual([[path, 0]]);
	});

	it("gives the newer of two results", async () => {
		const first = await killed(cell(1, "fail"));
		utimesSync(first, 1, 1);
		const journal = new Journal(folder);
		await journal.add(cell(1));
		await journal.end(false);
		const [found] = (await earlierCells(folder)).cells.values();
		expect(found?.results[0]?.outcome).toBe("pass");
	});

	it("does not pile up: the oldest of ended processes are removed", async () => {
		mkdirSync(folder, { recursive: true });
		const beyondPidMax = 2 ** 22 + 1;
		for (let n = 0; n < 30; n++) {
			const id = n.toString().padStart(2, "0");
			const name = `run-${beyondPidMax}-${id}000000-0000-0000-0000-000000000000.jsonl`;
			writeFileSync(join(folder, name), "");
			utimesSync(join(folder, name), n, n);
		}
		await killed(cell(1));
		const names = readdirSync(folder).sort();
		expect(names.length).toBe(16);
		expect(names.filter((name) => name.includes(`${beyondPidMax}`))[0]).toMatch(/-15000000-/);
	});

	it("that cannot be written is none, and stops nothing", async () => {
		writeFileSync(folder, "a file in the way");
		const journal = new Journal(folder);
		await journal.add(cell(1));
		await journal.end(false);
		expect(readFileSync(folder, "utf8")).toBe("a file in the way");
		expect(await keysOf()).toEqual([]);
	});
});
