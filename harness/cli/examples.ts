#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import type { Package } from "../data/package/package.js";
import { deviations, type Expectations, parseExpectations } from "./commands/examples/expectations.js";
import { engine } from "./engine.js";
import { deliver } from "./terminal/deliver.js";
import { enter } from "./terminal/enter.js";
import { follow } from "./terminal/progress.js";

/**
 * `npm start`: every package in programs/, good and bad, on the default kernels. The exit status is
 * 0 when each became what programs/expectations.json says: here a bad package that fails for its
 * own reason is a success.
 */
const checkout = fileURLToPath(new URL("../../", import.meta.url));
const programs = join(checkout, "programs");

await enter(async (interruption) => {
	const file = join(programs, "expectations.json");
	const expectations = parseExpectations(file, await readFile(file, "utf8"));
	const { packages, wrong } = await openExamples(expectations);
	const kernels = await engine.kernels(["default"]);
	const results = await follow(
		engine.run({
			packages,
			kernels,
			checks: engine.checks,
			jobs: availableParallelism(),
			cold: false,
			signal: interruption.signal,
		}),
	);
	await deliver(results, { report: join(checkout, "reports/out") });
	if (results.run.interrupted) {
		process.exitCode = 130;
		return;
	}
	wrong.push(...deviations(results, expectations));
	for (const line of wrong) process.stdout.write(`NOT AS EXPECTED  ${printable(line)}\n`);
	if (wrong.length === 0) {
		process.stdout.write(
			"Every outcome is as programs/expectations.json says: good packages pass, bad ones fail for their own reason.\n",
		);
	}
	process.stdout.write("reports/out/results.json and reports/out/report.html have the whole of it.\n");
	process.exitCode = wrong.length === 0 ? 0 : 1;
});

/**
 * Those that open, and what is wrong with the rest; that a package is refused as foretold is said
 * and no more.
 */
async function openExamples(expectations: Expectations): Promise<{ packages: Package[]; wrong: string[] }> {
	const packages: Package[] = [];
	const wrong: string[] = [];
	const folders = (await readdir(programs, { withFileTypes: true })).filter((entry) => entry.isDirectory());
	for (const name of folders.map((entry) => entry.name).sort()) {
		const invalid = expectations.invalid[name];
		try {
			const pkg = await engine.openPackage(relative(process.cwd(), join(programs, name)));
			if (invalid) wrong.push(`${name}: was accepted, though it is invalid`);
			packages.push(pkg);
		} catch (error) {
			if (!(error instanceof InputError)) throw error;
			if (!invalid || !error.file.endsWith(invalid.file))
				wrong.push(`${name}: was refused: ${error.message}`);
			process.stdout.write(`refused, as exit status 2 says: ${printable(error.message)}\n`);
		}
	}
	return { packages, wrong };
}
