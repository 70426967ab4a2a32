// SPDX-License-Identifier: Apache-2.0
// `npm run real-packages [-- [--update] [KERNEL...] [PACKAGE...]]`: loads the eBPF objects of
// Debian's packages, as installed, and compares the outcomes with real-packages-expected.json.
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { UndecidedError } from "../base/errors.js";
import type { CaseResult } from "../base/results.js";
import { loadCheck } from "../checks/load/load-check.js";
import { manifestName, openPackage, type Package } from "../data/package/package.js";
import type { Kernel } from "../machine/kernel/kernel.js";
import { openKernel } from "../machine/kernel/store.js";
import { testPackages } from "../run/test-packages.js";
import { debianObjects } from "./debian-objects.js";
import { type Counts, countsOf, type ExpectedPackage, packageSummary } from "./real-package-summary.js";

interface Expected {
	/** Debian's suite. */
	suite: string;
	packages: Record<string, ExpectedPackage>;
}

const file = "harness/bench/real-packages-expected.json";
const out = "reports/out/real-packages.json";
const words = process.argv.slice(2);
const update = words.includes("--update");
const named = words.filter((word) => /^\d/.test(word));
const ids = named.length > 0 ? named : ["5.10", "6.12", "7.3"];
const wanted = words.filter((word) => /^[a-z]/.test(word));
const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort());
try {
	const expected: Expected = JSON.parse(await readFile(file, "utf8"));
	const kernels = await Promise.all(ids.map((id) => openKernel(id)));
	const all: Record<string, CaseResult[]> = {};
	let sound = true;
	for await (const { name, version, objects } of debianObjects(
		expected.suite,
		Object.keys(expected.packages),
	)) {
		if (wanted.length > 0 && !wanted.includes(name)) continue;
		const known = expected.packages[name]!;
		const results = await resultsOf(objects, known, kernels);
		all[name] = results;
		const outcomes = Object.fromEntries(
			ids.map((id): [string, Counts] => [id, countsOf(results.filter(({ kernel }) => kernel === id))]),
		);
		if (update) Object.assign(known, { version, outcomes: { ...known.outcomes, ...outcomes } });
		const summary = packageSummary(name, version, outcomes, known);
		process.stdout.write(`${summary.lines.join("\n")}\n`);
		sound &&= summary.sound;
	}
	if (update) await writeFile(file, `${JSON.stringify(expected, null, "\t")}\n`);
	await mkdir("reports/out", { recursive: true });
	await writeFile(out, `${JSON.stringify(all, null, "\t")}\n`);
	for (const id of ids) {
		const counts = countsOf(
			Object.values(all).flatMap((results) => results.filter(({ kernel }) => kernel === id)),
		);
		const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
		process.stdout.write(`\nall cases on ${id}:\n`);
		for (const [kind, count] of sorted) process.stdout.write(`  ${String(count).padStart(5)} ${kind}\n`);
	}
	process.stdout.write(`\nevery case: ${out}\n`);
	if (!sound) process.exitCode = 1;
} catch (error) {
	if (!(error instanceof UndecidedError)) throw error;
	process.stderr.write(`real-packages: ${error.message}\n${error.hint}\n`);
	process.exitCode = 3;
}

async function resultsOf(
	objects: readonly string[],
	known: ExpectedPackage,
	kernels: readonly Kernel[],
): Promise<CaseResult[]> {
	const packages = await Promise.all(objects.map((object) => packageOf(object, known)));
	const request = { packages, kernels, checks: [loadCheck], jobs: 1, signal: interrupted.signal };
	let results: CaseResult[] = [];
	for await (const event of testPackages(request)) {
		if (event.type === "run-end") results = event.results.results;
		else if (event.type === "cell-end" && process.stderr.isTTY) process.stderr.write(".");
	}
	return results;
}

/** The object alone, or with a manifest that sets what its loader sets. */
async function packageOf(path: string, { dialect, ...known }: ExpectedPackage): Promise<Package> {
	const bare = await openPackage(path, dialect ? { dialect } : {});
	const all = bare.objects.flatMap(({ programs, maps }) => [...programs, ...maps]).map(({ name }) => name);
	const own = <T>(settings: Record<string, T> = {}) =>
		Object.fromEntries(Object.entries(settings).filter(([name]) => all.includes(name)));
	const [maps, programs] = [own(known.maps), own(known.programs)];
	if (Object.keys({ ...maps, ...programs }).length === 0) return bare;
	const folder = path.replace(/\.bpf\.o$/, "");
	const file = basename(path);
	await mkdir(folder, { recursive: true });
	await copyFile(path, join(folder, file));
	const manifest = { name: basename(folder), version: "0", objects: [{ file, maps, programs }] };
	await writeFile(
		join(folder, manifestName),
		JSON.stringify({ ...manifest, ...(dialect ? { dialect } : {}) }),
	);
	return openPackage(folder);
}
