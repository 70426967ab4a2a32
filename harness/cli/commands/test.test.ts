// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { InputError } from "../../base/errors.js";
import type { CaseResult, Outcome, Results } from "../../base/results.js";
import { checks } from "../../checks/checks.js";
import { openPackage, type Package } from "../../data/package/package.js";
import { chainObject } from "../../data/package/sections/testchain.js";
import type { Kernel } from "../../machine/kernel/kernel.js";
import { markedPath } from "../../report/captures.js";
import { defineReporter } from "../../report/output.js";
import { outputs } from "../../report/outputs.js";
import { failure } from "../../report/testpackets.js";
import type { TestRequest } from "../../run/demands.js";
import { createProgram } from "../program.js";
import { type Engine, namesOf, testWith } from "./test.js";

const named = (...names: string[]) => names.map((name) => checks.find((check) => check.name === name)!);

/** An engine that gives every cell the same outcome: only the command is tested. */
class Fake implements Engine {
	checks: Engine["checks"] = named("load", "vectors");
	outputs = outputs;
	vectors: Package["vectors"] = [];
	asked: TestRequest | undefined;
	wanted: string[] = [];
	outcome: Outcome = "pass";
	evidence: CaseResult["evidence"] = {};

	async openPackage(path: string): Promise<Package> {
		if (path.startsWith("bad")) throw new InputError(path, "", "is no package");
		const name = path.split("/").at(-1)!;
		const manifest = { name, version: "1", objects: ["a.o"] };
		return {
			name,
			version: "1",
			sha256: "0",
			path,
			manifest,
			objects: [],
			vectors: this.vectors,
			loaderFiles: [],
			guestFiles: [],
			variants: [],
			signatures: [],
		};
	}

	async kernels(wanted: string[]): Promise<Kernel[]> {
		this.wanted = wanted;
		return wanted.map((id) => ({ id, release: id, arch: "x86_64", image: "", image_sha256: "", source: "" }));
	}

	async *run(options: TestRequest) {
		this.asked = options;
		const { packages, kernels, jobs } = options;
		const results: CaseResult[] = [];
		yield { type: "run-start" as const, cells: packages.length * kernels.length };
		for (const { name } of packages) {
			for (const { id } of kernels) {
				const result = {
					package: name,
					kernel: id,
					check: "load" as const,
					case: "program/a",
					outcome: this.outcome,
					duration_ms: 1,
					evidence: this.evidence,
				};
				results.push(result);
				yield { type: "finding" as const, result };
			}
		}
		const document: Results = {
			format: "bpfgate/results",
			version: 1,
			run: {
				id: "x",
				started: "2026-01-01T00:00:00Z",
				finished: "2026-01-01T00:00:01Z",
				bpfgate: "0",
				accelerator: "tcg",
				qemu: "0",
				jobs,
				interrupted: options.signal.aborted,
			},
			kernels: [...kernels],
			packages: [...packages],
			results,
		};
		yield { type: "run-end" as const, results: document };
	}
}

describe("bpfgate test", () => {
	let engine: Fake;
	let folder: string;
	let out: string;
	let err: string;
	const abort = new AbortController();

	beforeEach(() => {
		engine = new Fake();
		folder = mkdtempSync(join(tmpdir(), "bpfgate-test-"));
		out = "";
		err = "";
		vi.spyOn(process.stdout, "write").mockImplementation((text) => {
			out += text;
			return true;
		});
		vi.spyOn(process.stderr, "write").mockImplementation((text) => {
			err += text;
			return true;
		});
	});
	afterEach(() => {
		vi.restoreAllMocks();
		process.exitCode = undefined;
		rmSync(folder, { recursive: true });
	});

	const context = {
		write: (text: string) => void process.stdout.write(text),
		signal: () => abort.signal,
	};
	const bpfgate = (...args: string[]) =>
		createProgram({ test: async () => ({ run: testWith(engine) }) }, context, namesOf(engine)).parseAsync(
			["test", ...args],
			{ from: "user" },
		);

	it("overwrites no input", async () => {
		const file = join(folder, "v.yaml");
		engine.vectors = [{ file: "v.yaml", display: file, bytes: new Uint8Array() }];
		for (const args of [
			["--json", file],
			["--save-finds", file],
		])
			await expect(bpfgate(folder, "--explore", "1", ...args)).rejects.toThrow(`would overwrite ${file}`);
	});

	it("prints the matrix and ends with the run's status", async () => {
		await bpfgate("a", "b", "--kernel", "5.10", "--kernel", "6.1", "--jobs", "3", "--guest-timeout", "20");
		expect(out).toMatch(/5\.10 {2}6\.1\na 1/);
		expect(engine.asked).toMatchObject({ named: false, broken: [], jobs: 3, guestTimeout: 20_000 });
		expect(process.exitCode).toBe(0);
		expect(engine.asked).toMatchObject({ checks: [{ name: "load" }, { name: "vectors" }] });
		engine.outcome = "fail";
		await bpfgate("a");
		expect(process.exitCode).toBe(1);
		expect(engine.wanted).toEqual(["default"]);
		engine.outcome = "error";
		await bpfgate("a", "--kernels", "6.1,7.3");
		expect(process.exitCode).toBe(3);
		expect(engine.wanted).toEqual(["6.1", "7.3"]);
	});

	it("ends with 2 for an invalid vector file that stands alone, after the rest has run", async () => {
		engine.vectors = [
			{ file: "v.yaml", display: "a/v.yaml", bytes: Buffer.from("program: x\nvectors: 7\n") },
		];
		await bpfgate("a");
		expect(process.exitCode).toBe(2);
		expect(out).toContain("1 passed");
		engine.outcome = "fail";
		await bpfgate("a", "b");
		expect(process.exitCode).toBe(1);
		engine.outcome = "pass";
		await bpfgate("a", "--check", "load");
		expect(process.exitCode).toBe(0);
	});

	it("writes the documents asked for, whole", async () => {
		const file = join(folder, "r.json");
		const report = join(folder, "deep/er");
		await bpfgate("a", "--json", file, "--report", report, "--reporter", "tap");
		expect(out).toMatch(/^TAP version 14\n/);
		const document = readFileSync(file, "utf8");
		expect(JSON.parse(document)).toMatchObject({ format: "bpfgate/results" });
		expect(readdirSync(report).sort()).toEqual(["report.html", "results.json"]);
		expect(readFileSync(join(report, "results.json"), "utf8")).toBe(document);
		expect(readdirSync(folder).sort()).toEqual(["deep", "r.json"]);
	});

	it("writes the packets of failed vectors into the report and to --captures", async () => {
		engine.outcome = "fail";
		engine.evidence = failure("v").evidence;
		const [report, captures] = [join(folder, "report"), join(folder, "captures")];
		const name = "a/6.1/program/a.pcapng";
		await bpfgate("a", "--kernel", "6.1", "--report", report);
		expect(out).toContain(`packets: ${report}/captures/${name}\n`);
		expect(readFileSync(join(report, "report.html"), "utf8")).toContain(`<a href="captures/${name}">`);
		expect(markedPath(readFileSync(join(report, "captures", name)))).toBe(name);
		await bpfgate("a", "--kernel", "6.1", "--captures", captures);
		expect(out).toContain(`packets: ${captures}/${name}\n`);
		expect(readFileSync(join(captures, name))).toEqual(readFileSync(join(report, "captures", name)));
		engine.outcome = "pass";
		await bpfgate("a", "--kernel", "6.1", "--report", report, "--captures", captures);
		expect(readdirSync(join(report, "captures"))).toEqual([]);
		expect(readdirSync(captures)).toEqual([]);
	});

	it("writes any output to any path with --output", async () => {
		const at = (name: string) => join(folder, name);
		await bpfgate(
			"a",
			"--output",
			`junit=${at("j.xml")}`,
			"--output",
			`report=${at("r")}`,
			"--output",
			"tap=-",
		);
		expect(out).toMatch(/^TAP version 14\n/);
		expect(readFileSync(at("j.xml"), "utf8")).toMatch(/^<\?xml /);
		expect(readdirSync(at("r")).sort()).toEqual(["report.html", "results.json"]);
		expect(engine.asked?.coverage).toBe(false);
		await bpfgate("a", "--output", `coverage=${at("c.info")}`);
		expect(engine.asked?.coverage).toBe(true);
	});

	it("writes an output that is not its own", async () => {
		const count = defineReporter({
			name: "count",
			kind: "text",
			render: ({ results }) => `${results.length} results\n`,
		});
		engine.outputs = [...outputs, count];
		await bpfgate("a", "b", "--reporter", "count", "--output", `count=${join(folder, "n")}`);
		expect(out).toBe("2 results\n");
		expect(readFileSync(join(folder, "n"), "utf8")).toBe(out);
	});

	it("writes several reporters at once, one of them printed", async () => {
		const at = (name: string) => join(folder, name);
		await bpfgate(
			"a",
			"--reporter",
			"tap",
			"--reporter",
			`junit=${at("j")}`,
			"--reporter",
			`html=${at("h")}`,
		);
		expect(out).toMatch(/^TAP version 14\n/);
		expect(readFileSync(at("j"), "utf8")).toMatch(/^<\?xml /);
		expect(readFileSync(at("h"), "utf8")).toMatch(/^<!doctype html>/);
		await expect(bpfgate("a", "--reporter", "tap", "--reporter", "junit")).rejects.toThrow(
			"--reporter junit: standard output is already taken by --reporter tap",
		);
		await expect(bpfgate("a", "--reporter", "prose=x")).rejects.toThrow('--reporter: unknown output "prose"');
		await expect(bpfgate("a", "--reporter", "tap=")).rejects.toThrow("--reporter tap: needs a path");
	});

	it("gives standard output to the document alone with --json -", async () => {
		await bpfgate("a", "--json", "-");
		expect(JSON.parse(out)).toMatchObject({ results: [{ package: "a" }] });
		await expect(bpfgate("a", "--json", "-", "--reporter", "tap")).rejects.toThrow(
			"--json: standard output is already taken by --reporter tap",
		);
		await expect(bpfgate("a", "--output", "html=-")).rejects.toThrow(
			"--output html: a file cannot be written to standard output",
		);
		await expect(bpfgate("a", "--output", "prose=x")).rejects.toThrow(
			'--output: unknown output "prose"; known are pretty, json, ',
		);
		await expect(bpfgate("a", "--output", "json")).rejects.toThrow('--output: "json" is not name=path');
		await expect(bpfgate("a", "--json", "x", "--output", "tap=x")).rejects.toThrow(
			"--output tap: x is already taken by --json",
		);
	});

	it("passes on what a gate demands, and refuses kernels that are not in the run", async () => {
		await bpfgate("a", "--kernels", "5.10,6.1", "--require", "6.1", "--fail-on-skip", "--filter", "load/*");
		expect(engine.asked).toMatchObject({ require: ["6.1"], failOnSkip: true, filter: ["load/*"] });
		await bpfgate("a", "--kernels", "5.10,6.1", "--require", "all", "--allow-empty", "--autoload", "all");
		expect(engine.asked).toMatchObject({ require: ["5.10", "6.1"], allowEmpty: true });
		await expect(bpfgate("a", "--kernel", "6.1", "--require", "7.3")).rejects.toThrow(
			'--require: "7.3" is not among the kernels of this run: 6.1',
		);
	});

	it("names every invalid package when the invocation is wrong too, and runs nothing", async () => {
		await expect(bpfgate("good", "bad1", "bad2", "x/good")).rejects.toMatchObject({
			errors: [
				{ message: "bad1: is no package" },
				{ message: "bad2: is no package" },
				{ message: 'x/good: has the same name as good: "good"' },
			],
		});
		expect(engine.asked).toBeUndefined();
	});

	it("passes on the chains of chain files; all their packages must be given", async () => {
		const [wall, file] = [join(folder, "wall.o"), join(folder, "chain.json")];
		writeFileSync(wall, chainObject(["filter"]));
		const of = (name: string) => ({ program: { package: name, program: "filter" } });
		const chain = { name: "edge", hook: "xdp", members: [of("wall")] };
		writeFileSync(file, JSON.stringify({ chains: [chain] }));
		engine.openPackage = openPackage;
		await expect(bpfgate(wall, "--chain", file)).rejects.toThrow(
			"--chain: needs the check chain, which --check leaves out",
		);
		engine.checks = named("load", "chain");
		await expect(bpfgate(wall, "--chain", file, "--check", "load")).rejects.toThrow("--chain: needs");
		writeFileSync(file, JSON.stringify({ chains: [{ ...chain, members: [of("wall"), of("gate")] }] }));
		await expect(bpfgate(wall, "--chain", file, "--json", join(folder, "r"))).rejects.toMatchObject({
			errors: [
				{
					message: `${file}: /chains/0/members/1/program/package: gate is not among the packages: wall 0`,
				},
			],
		});
		expect(engine.asked).toBeUndefined();
		expect(readdirSync(folder).sort()).toEqual(["chain.json", "wall.o"]);
		writeFileSync(file, JSON.stringify({ chains: [chain] }));
		await bpfgate(wall, "--chain", file);
		expect(engine.asked?.chains).toEqual([{ file, pointer: "/chains/0", chain }]);
		await bpfgate(wall);
		expect(engine.asked?.chains).toEqual([]);
	});

	it("refuses paths that cannot be written before it runs anything", async () => {
		const file = join(folder, "file");
		writeFileSync(file, "");
		await expect(bpfgate("a", "--report", file)).rejects.toThrow(`${file}: is not a folder`);
		await expect(bpfgate("a", "--captures", file)).rejects.toThrow(`${file}: is not a folder`);
		await expect(bpfgate("a", "--captures", "")).rejects.toThrow("--captures: needs a path");
		await expect(bpfgate("a", "--json", folder)).rejects.toThrow(`${folder}: is a folder, not a file`);
		await expect(bpfgate("a", "--json", join(file, "x"))).rejects.toThrow(`${file}: is not a folder`);
		expect(engine.asked).toBeUndefined();
	});

	it.each([
		[["--jobs", "0"], "It must be a whole number from 1 to 256."],
		[["--jobs", "two"], "It must be a whole number from 1 to 256."],
		[["--check", "taste"], "Allowed choices are load, vectors."],
		[["--reporter", "prose"], "Allowed choices are pretty, json, tap, junit, markdown."],
		[["--kernel", "6.1", "--kernels", "all"], "cannot be used with option"],
		[["--kernels", "all", "--kernel", "6.1"], "cannot be used with option"],
		[["--frob"], "unknown option '--frob'"],
	])("refuses %j", async (args, said) => {
		await expect(bpfgate("a", ...args)).rejects.toMatchObject({ name: "CommanderError" });
		expect(err).toMatch(/^bpfgate: [^\n]*\n$/);
		expect(err).toContain(said);
		expect(engine.asked).toBeUndefined();
	});
});
