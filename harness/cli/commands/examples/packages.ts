// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../../../base/errors.js";
import { printable } from "../../../base/printable.js";
import type { Results } from "../../../base/results.js";
import type { Package } from "../../../data/package/package.js";
import { tallyLine } from "../../../report/cells.js";
import { defineReporter, type TextOutput } from "../../../report/output.js";
import { outputs } from "../../../report/outputs.js";
import { matrix } from "../../../report/pretty.js";
import type { Context } from "../../terminal/command-table.js";
import { writeOutputs } from "../../terminal/outputs.js";
import { follow } from "../../terminal/progress.js";
import type { Engine } from "../test.js";
import { checkByName } from "./by-name.js";
import { deviations, type Expectations, parseExpectations } from "./expectations.js";

const checkout = fileURLToPath(new URL("../../../../", import.meta.url));
const programs = join(checkout, "programs");

/** The matrix and a count of cases. */
export const matrixOutput = defineReporter({
	name: "matrix",
	kind: "text",
	render: (results, { medium }) => `${matrix(results, medium)}\n${tallyLine(results)}\n`,
});

/** What is tested and where its results go. */
interface Examples {
	/** Folders of programs/; default: all of them. */
	names?: readonly string[];
	/** What standard output shows at the end. */
	printed: TextOutput;
	/** Folder of the report. */
	out?: string;
}

/**
 * Tests packages of programs/ with every check on the default kernels. Sets `process.exitCode`: 0
 * when every outcome is the one of expectations.json, for a package named bad-… a failure, and no
 * check that a user may name for a package ends with an error.
 */
export async function testExamples(
	engine: Engine,
	{ write, signal }: Context,
	{ names, printed, out = join(checkout, "reports/out") }: Examples,
): Promise<Results> {
	const file = join(programs, "expectations.json");
	const expectations = parseExpectations(file, await readFile(file, "utf8"));
	const { packages, wrong } = await openExamples(engine, expectations, names ?? (await folders()));
	const kernels = await engine.kernels(["default"]);
	const request = { packages, kernels, jobs: availableParallelism(), signal: signal() };
	const results = await follow(engine.run({ ...request, checks: engine.checks }));
	const report = outputs.find(({ name }) => name === "report");
	await writeOutputs(
		results,
		[
			{ output: printed, path: "-", option: "" },
			...(report ? [{ output: report, path: out, option: "" }] : []),
		],
		new Map(),
	);
	const named = names || results.run.interrupted ? undefined : await checkByName(engine, request);
	if (results.run.interrupted || named?.interrupted) {
		process.exitCode = 130;
		return results;
	}
	wrong.push(...deviations(results, expectations), ...(named?.errors ?? []));
	if (named)
		write(
			`Checks that do not suit a package, by name: ${named.cases} cases, ${named.errors.length} errors\n`,
		);
	for (const line of wrong) write(`NOT AS EXPECTED  ${printable(line)}\n`);
	if (wrong.length === 0) write("Every outcome is as expected: packages named bad-… are there to fail.\n");
	write(`Report: ${relative(process.cwd(), join(out, "report.html"))}, and results.json beside it\n`);
	process.exitCode = wrong.length === 0 ? 0 : 1;
	return results;
}

async function folders(): Promise<string[]> {
	const entries = await readdir(programs, { withFileTypes: true });
	return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
}

/** The packages that open; `wrong` lists those that should open, or should not, and why. */
async function openExamples(
	engine: Engine,
	expectations: Expectations,
	names: readonly string[],
): Promise<{ packages: Package[]; wrong: string[] }> {
	const packages: Package[] = [];
	const wrong: string[] = [];
	for (const name of names) {
		const invalid = expectations.invalid[name];
		try {
			packages.push(await engine.openPackage(relative(process.cwd(), join(programs, name))));
			if (invalid) wrong.push(`${name}: accepted, expected to be refused`);
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			if (!invalid || !error.file.endsWith(invalid.file)) wrong.push(`${name}: refused: ${error.message}`);
		}
	}
	return { packages, wrong };
}
