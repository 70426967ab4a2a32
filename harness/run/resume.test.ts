// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UndecidedError } from "../base/errors.js";
import { Results } from "../base/results.js";
import { validator } from "../base/validate.js";
import type { Check, Finding } from "../lab/check.js";
import type { RunEvent } from "./events.js";
import { earlierCells, Journal, lineOf } from "./journal.js";
import { type RunOptions, run } from "./run.js";
import { kernel, pkg, TestGuests } from "./testguest.js";

const pass = (name: string): Finding => ({ case: name, outcome: "pass", evidence: {} });
/** Called when a check begins to work on a cell. */
let onWork: () => void;
const checkOf = (...cases: string[]): Check => ({
	name: "load",
	summary: "a check of this test",
	suits: () => true,
	create: () => ({
		cases: () => cases,
		async *run() {
			onWork();
			yield* cases.map(pass);
		},
	}),
});

let folder: string;
let guests: TestGuests;
let options: RunOptions;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "bpfgate-resume-"));
	guests = new TestGuests();
	options = {
		packages: [pkg("one"), pkg("two")],
		kernels: [kernel("5.10"), kernel("6.1")],
		checks: [checkOf("a", "b")],
		jobs: 1,
		guests,
		features: { lack: async () => undefined },
		signal: new AbortController().signal,
		host: { bpfgate: "0", accelerator: "tcg", qemu: "none" },
	};
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run to its end, or interrupted when it has worked on some cells. */
async function runs(more: Partial<RunOptions> = {}, untilCells = Number.POSITIVE_INFINITY) {
	const stop = new AbortController();
	let worked = 0;
	onWork = () => worked++ < untilCells || stop.abort();
	const journal = { journal: new Journal(folder), earlier: await earlierCells(folder) };
	const said: RunEvent[] = [];
	let document: Results | undefined;
	const asked = { ...options, journal, signal: stop.signal, ...more };
	for await (const event of run(asked)) {
		said.push(event);
		if (event.type === "run-end") document = event.results;
	}
	expect(validator(Results).violation(document)).toBeUndefined();
	return { said, document: document! };
}

const named = ({ results }: Results) =>
	results.map((it) => `${it.kernel} ${it.package} ${it.case} ${it.outcome}`);
const resumed = ({ run: { resumed = [] } }: Results) => resumed.map((it) => `${it.package} on ${it.kernel}`);
const damage = (said: RunEvent[]) =>
	said.flatMap((event) => (event.type === "journal-damaged" ? event.lines : []));
const journalPath = () => join(folder, readdirSync(folder)[0]!);

describe("a run that continues another", () => {
	it("takes its cells, works on the others, and has the results of a whole run", async () => {
		const whole = (await runs()).document;
		expect(readdirSync(folder)).toEqual([]);
		const { document: half } = await runs({}, 2);
		expect(half.run.interrupted).toBe(true);
		expect((await earlierCells(folder)).cells.size).toBe(2);
		const before = guests.acquired;
		const { document } = await runs();
		expect(named(document)).toEqual(named(whole));
		expect(resumed(document)).toEqual(["one on 5.10", "two on 5.10"]);
		expect(guests.acquired - before).toBe(2);
		expect(document.kernels).toEqual(whole.kernels);
	});

	it("is itself continued, with what it took and what it did", async () => {
		await runs({}, 1);
		await runs({}, 2);
		expect((await earlierCells(folder)).cells.size).toBe(3);
		expect(resumed((await runs()).document).length).toBe(3);
	});

	it("needs no guest when everything was finished", async () => {
		await runs({ journal: { journal: keeping() } });
		const before = guests.acquired;
		const { document } = await runs();
		expect(guests.acquired).toBe(before);
		expect(resumed(document)).toEqual(["one on 5.10", "two on 5.10", "one on 6.1", "two on 6.1"]);
	});

	const other = (name: string) => ({ ...pkg(name), sha256: "1".repeat(64) });
	it.each<[string, () => Partial<RunOptions>, string[]]>([
		["a package", () => ({ packages: [pkg("one"), other("two")] }), ["one on 5.10", "one on 6.1"]],
		[
			"a signature",
			() => ({
				packages: [
					pkg("one"),
					{ ...pkg("two"), signatures: [{ file: "s", display: "s", bytes: new Uint8Array(1) }] },
				],
			}),
			["one on 5.10", "one on 6.1"],
		],
		[
			"a kernel's image",
			() => ({ kernels: [kernel("5.10"), { ...kernel("6.1"), image_sha256: "1".repeat(64) }] }),
			["one on 5.10", "two on 5.10"],
		],
		["the cases", () => ({ checks: [checkOf("a", "b", "c")] }), []],
		["the checks", () => ({ checks: [{ ...checkOf("a", "b"), name: "other" }] }), []],
		["an option", () => ({ failOnSkip: true }), []],
		["bpfgate", () => ({ host: { bpfgate: "1", accelerator: "tcg", qemu: "none" } }), []],
	])("works again on what depends on %s that changed", async (_, change, taken) => {
		await runs({ journal: { journal: keeping() } });
		expect(resumed((await runs(change())).document)).toEqual(taken);
	});

	it("tries an error again", async () => {
		guests.refuse = new UndecidedError("boot-failed", "did not boot", "look at its console");
		await runs({ journal: { journal: keeping() } });
		guests.refuse = undefined;
		const { document } = await runs();
		expect(resumed(document)).toEqual([]);
		expect(new Set(document.results.map(({ outcome }) => outcome))).toEqual(new Set(["pass"]));
	});
});

describe("a journal with a right digest is not believed", () => {
	const one = { packages: [pkg("one")], kernels: [kernel("5.10")] };

	it.each<[string, (results: Results["results"]) => void]>([
		["where a case is missing", (results) => results.pop()],
		["where a result is of another package", ([first]) => Object.assign(first!, { package: "two" })],
		["where a result is of another kernel", ([first]) => Object.assign(first!, { kernel: "6.1" })],
		["where a result is of another check", ([first]) => Object.assign(first!, { check: "token" })],
		["where a case is undecided", ([first]) => Object.assign(first!, { outcome: "error" })],
	])("%s", async (_, change) => {
		await runs({ ...one, journal: { journal: keeping() } });
		const [kept] = (await earlierCells(folder)).cells.values();
		const { path, ...line } = kept!;
		change(line.results);
		writeFileSync(path, lineOf(line));
		const { document, said } = await runs(one);
		expect(damage(said)).toEqual([1]);
		expect(resumed(document)).toEqual([]);
		expect(named(document)).toEqual(["5.10 one a pass", "5.10 one b pass"]);
	});

	it("and damage is told once for each journal", async () => {
		await runs({ ...one, journal: { journal: keeping() } });
		const path = journalPath();
		writeFileSync(path, readFileSync(path, "utf8").replaceAll('"pass"', '"fail"'));
		const { document, said } = await runs(one);
		expect(damage(said)).toEqual([1]);
		expect(named(document)).toEqual(["5.10 one a pass", "5.10 one b pass"]);
	});
});

/** The journal of a run that was killed after its last cell. */
function keeping(): Journal {
	const journal = new Journal(folder);
	journal.end = async () => {};
	return journal;
}
