// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { InputError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import type { Results } from "../../base/results.js";
import { unmeasuredPackages } from "../../report/coverage.js";
import { html } from "../../report/html.js";
import { json } from "../../report/json.js";
import { lcov } from "../../report/lcov.js";
import { type ReporterName, reporters } from "../../report/reporter.js";
import { writeCaptures } from "./captures.js";
import { mediumOf } from "./terminal.js";
import { assertWritableFile, assertWritableFolder, makeFolder, writeWhole } from "./write.js";

/** Where the results of a run go. */
export interface Outputs {
	/** File for the results document; `-` is standard output. */
	json?: string;
	/** What is printed; default: the matrix, or the document when `json` is `-`. */
	reporter?: ReporterName;
	/** Folder for results.json, report.html and captures/. */
	report?: string;
	/** File for what the vectors reached, for lcov. */
	coverage?: string;
	/** Folder for the packets of failed vectors. */
	captures?: string;
}

/** What could not be written in the end is said before anything runs. @throws InputError */
export async function assertOutputs(outputs: Outputs): Promise<void> {
	const { json: file, report, captures, coverage, reporter } = outputs;
	if (file === "-" && reporter !== undefined && reporter !== "json") {
		throw new InputError("--json", "", `standard output is already taken by --reporter ${reporter}`);
	}
	for (const [option, name] of Object.entries({ json: file, report, captures, coverage }))
		if (name === "") throw new InputError(`--${option}`, "", "is given without a name");
	if (file !== undefined && file !== "-") await assertWritableFile(file);
	if (coverage !== undefined) await assertWritableFile(coverage);
	for (const folder of [report, captures]) if (folder !== undefined) await assertWritableFolder(folder);
}

/** Prints first: what cannot be written in the end is at least seen. */
export async function deliver(results: Results, outputs: Outputs): Promise<void> {
	const { json: file, report, captures, coverage, reporter } = outputs;
	const name = reporter ?? (file === "-" ? "json" : "pretty");
	const folder = captures ?? (report === undefined ? undefined : join(report, "captures"));
	process.stdout.write(reporters[name](results, mediumOf(process.stdout, process.env), folder));
	if (file !== undefined && file !== "-") await writeWhole(file, json(results));
	if (coverage !== undefined) {
		await writeWhole(coverage, lcov(results));
		for (const name of unmeasuredPackages(results).map(printable))
			process.stderr.write(
				`bpfgate: --coverage: nothing was measured of ${name}: its vectors did not run on ${results.kernels.at(-1)?.id}, the last kernel\n`,
			);
	}
	if (report !== undefined) {
		await makeFolder(report);
		await writeWhole(join(report, "results.json"), json(results));
		await writeWhole(join(report, "report.html"), html(results, "captures"));
		await writeCaptures(join(report, "captures"), results);
	}
	if (captures !== undefined) await writeCaptures(captures, results);
}
