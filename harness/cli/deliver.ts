// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { InputError } from "../errors.js";
import { html } from "../report/html.js";
import { json } from "../report/json.js";
import { type ReporterName, reporters } from "../report/reporter.js";
import type { Results } from "../results/results.js";
import { mediumOf } from "./terminal.js";
import { assertWritableFile, assertWritableFolder, makeFolder, writeWhole } from "./write.js";

/** Where the results of a run go. */
export interface Outputs {
	/** File for the results document; `-` is standard output. */
	json?: string;
	/** What is printed; default: the matrix, or the document when `json` is `-`. */
	reporter?: ReporterName;
	/** Folder for results.json and report.html. */
	report?: string;
}

/** What could not be written in the end is said before anything runs. @throws InputError */
export async function assertOutputs({ json: file, report, reporter }: Outputs): Promise<void> {
	if (file === "-" && reporter !== undefined && reporter !== "json") {
		throw new InputError("--json", "", `standard output is already taken by --reporter ${reporter}`);
	}
	if (file === "" || report === "") {
		throw new InputError(file === "" ? "--json" : "--report", "", "is given without a name");
	}
	if (file !== undefined && file !== "-") await assertWritableFile(file);
	if (report !== undefined) await assertWritableFolder(report);
}

/** Prints first: what cannot be written in the end is at least seen. */
export async function deliver(results: Results, { json: file, report, reporter }: Outputs): Promise<void> {
	const name = reporter ?? (file === "-" ? "json" : "pretty");
	process.stdout.write(reporters[name](results, mediumOf(process.stdout, process.env)));
	if (file !== undefined && file !== "-") await writeWhole(file, json(results));
	if (report !== undefined) {
		await makeFolder(report);
		await writeWhole(join(report, "results.json"), json(results));
		await writeWhole(join(report, "report.html"), html(results));
	}
}
