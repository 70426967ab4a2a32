// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { CaseResult, Results } from "../../../base/results.js";
import { checks as allChecks } from "../../../checks/checks.js";
import { openPackage, type Package } from "../../../data/package/package.js";
import { chooseKernels } from "../../../machine/kernel/choose-kernels.js";
import { testPackages } from "../../../run/test-packages.js";
import { engine } from "../../engine.js";
import { matrixOutput, testExamples } from "./packages.js";

const programs = fileURLToPath(new URL("../../../../programs", import.meta.url));

async function test(packages: Package[], kernels: string[], names: string[] = ["load"]): Promise<Results> {
	const checks = allChecks.filter(({ name }) => names.includes(name));
	const request = { packages, kernels: await chooseKernels(kernels), checks, jobs: 2 };
	const { signal } = new AbortController();
	for await (const event of testPackages({ ...request, signal })) {
		if (event.type === "run-end") return event.results;
	}
	throw new Error("the run did not end");
}

const said = ({ case: name, outcome, reason }: CaseResult) =>
	`${name} ${outcome} ${reason?.code ?? ""}`.trim();

describe("the example packages on the default kernels", () => {
	let results: Results;
	let printed = "";
	const folder = mkdtempSync(join(tmpdir(), "bpfgate-examples-"));
	beforeAll(async () => {
		const print = vi.spyOn(process.stdout, "write").mockImplementation((text) => {
			printed += text;
			return true;
		});
		const signal = () => new AbortController().signal;
		const context = { signal, write: (text: string) => void process.stdout.write(text) };
		results = await testExamples(engine, context, { printed: matrixOutput, out: folder });
		print.mockRestore();
	}, 3_600_000);
	afterAll(() => rm(folder, { recursive: true }));

	it("have the outcomes of expectations.json, told in few lines", () => {
		expect(process.exitCode, printed).toBe(0);
		process.exitCode = undefined;
		expect(printed).not.toContain("NOT AS EXPECTED");
		expect(printed.split("\n").length).toBeLessThan(100);
	});

	it("have a reason, a hint and evidence for every outcome but pass", () => {
		for (const { outcome, reason, evidence } of results.results) {
			if (outcome === "pass") continue;
			expect(reason?.message).toMatch(/\S/);
			expect(reason?.hint).toMatch(/\S/);
			expect(evidence).not.toEqual({});
		}
	});

	it("are measured: instructions, sizes and times of each program that loads", () => {
		const loaded = results.results.filter(
			(it) => it.case.startsWith("program/") && it.outcome === "pass" && it.announced === undefined,
		);
		expect(loaded.length).toBeGreaterThan(100);
		for (const { evidence } of loaded) {
			for (const key of ["insns_processed", "total_states", "peak_states", "xlated_bytes", "load_cpu_ns"]) {
				expect(evidence[key]).toEqual(expect.any(Number));
			}
		}
	});
});

describe("a package with a manifest of the test's own", () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "bpfgate-test-"));
	});
	afterAll(() => rm(folder, { recursive: true }));

	async function packageOf(example: string, object: string, manifest: object): Promise<Package> {
		await writeFile(join(folder, object), await readFile(join(programs, example, object)));
		const text = JSON.stringify({ name: example, version: "1", objects: [object], ...manifest });
		await writeFile(join(folder, "bpfgate.json"), text);
		return openPackage(folder);
	}

	it("passes where its author announced the failure, and fails where the failure is absent", async () => {
		const pkg = await packageOf("bad-missing-helper", "missing-helper.bpf.o", {
			expect: { failures: [{ case: "load/program/peek", reason: "helper-unknown" }] },
		});
		const { results } = await test([pkg], ["5.10", "6.1"]);
		expect(results.map(said)).toEqual([
			"program/peek pass",
			"attach/peek skip not-loaded",
			"program/peek fail expected-failure-absent",
			"attach/peek pass",
		]);
	});

	it("is skipped where the kernel lacks what it requires, and names what is missing", async () => {
		const pkg = await packageOf("bad-missing-helper", "missing-helper.bpf.o", {
			kernels: { requires: ["helper:xdp/bpf_xdp_load_bytes"] },
		});
		const { results } = await test([pkg], ["5.10", "6.1"]);
		expect(results.map(said)).toEqual([
			"program/peek skip feature-unsupported",
			"attach/peek skip feature-unsupported",
			"program/peek pass",
			"attach/peek pass",
		]);
	});

	it("does not load or attach programs that its manifest excludes", async () => {
		const object = "one-of-three.bpf.o";
		const programsOf = {
			count_without_check: { autoload: false },
			count_with_check: { attach: { hook: "none" } },
		};
		const pkg = await packageOf("bad-one-of-three", object, {
			objects: [{ file: object, programs: programsOf }],
		});
		const { results } = await test([pkg], ["6.12"]);
		expect(results.map(said)).toEqual([
			"program/count_new_device pass",
			"program/count_with_check pass",
			"attach/count_new_device pass",
		]);
	});
});
