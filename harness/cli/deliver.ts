// SPDX-License-Identifier: Apache-2.0
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../errors.js";
import { html } from "../report/html.js";
import { json } from "../report/json.js";
import { type ReporterName, reporters } from "../report/reporter.js";
import type { Results } from "../results/results.js";
import { mediumOf } from "./terminal.js";
import { assertFolderOrNothing, assertWritableFile, writeWhole } from "./write.js";

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
	if (file !== undefined && file !== "-") await assertWritableFile(file);
	if (report !== undefined) await assertFolderOrNothing(report);
}

export async function deliver(results: Results, { json: file, report, reporter }: Outputs): Promise<void> {
	if (file !== undefined && file !== "-") await writeWhole(file, json(results));
	if (report !== undefined) {
		await mkdir(report, { recursive: true });
		await writeWhole(join(report, "results.json"), json(results));
		await writeWhole(join(report, "report.html"), html(results));
	}
	const name = reporter ?? (file === "-" ? "json" : "pretty");
	process.stdout.write(reporters[name](results, mediumOf(process.stdout, process.env)));
}
