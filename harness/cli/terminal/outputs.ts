// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { InputError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import type { Results } from "../../base/results.js";
import type { Medium } from "../../report/medium.js";
import type { Output } from "../../report/output.js";
import type { InputPlaces } from "./output-places.js";
import { mediumOf } from "./terminal.js";
import { assertWritableFile, assertWritableFolder, writeWhole } from "./write.js";
import { writeFolder } from "./write-folder.js";

/** One output and where it goes; the path `-` is standard output. */
export interface OutputRequest {
	output: Output;
	path: string;
	/** The option that asked for it, for messages. */
	option: string;
}

export interface OutputOptions {
	/** `name=path` */
	output?: string[];
	/** `name`, printed, or `name=path` */
	reporter?: string[];
	json?: string;
	report?: string;
	captures?: string;
	coverage?: string;
}

const shorthands = ["json", "report", "captures", "coverage"] as const;
/** Printed when nothing else is. */
const defaultText = "pretty";
const plainFile: Medium = { width: 100, colour: false, unicode: true };

/** What the options ask for, the printed output first. @throws InputError for unknown outputs */
export function outputRequests(options: OutputOptions, known: readonly Output[]): OutputRequest[] {
	const requests: OutputRequest[] = [];
	const add = (option: string, name: string, path: string) => {
		const output = known.find((each) => each.name === name);
		if (!output) {
			const names = known.map((each) => each.name).join(", ");
			throw new InputError(
				option.split(" ")[0] ?? option,
				"",
				`unknown output ${JSON.stringify(name)}; known are ${names}`,
			);
		}
		if (path === "") throw new InputError(option, "", "needs a path");
		if (path === "-" && output.kind !== "text")
			throw new InputError(option, "", `a ${output.kind} cannot be written to standard output`);
		const other = requests.find((each) => each.path === path);
		if (other) {
			const place = path === "-" ? "standard output" : path;
			throw new InputError(option, "", `${place} is already taken by ${other.option}`);
		}
		requests.push({ output, path, option });
	};
	for (const text of options.reporter ?? []) {
		const [, name = "", path = "-"] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
		if (!(name === "json" && path === "-" && options.json === "-")) add(`--reporter ${name}`, name, path);
	}
	for (const name of shorthands) if (options[name] !== undefined) add(`--${name}`, name, options[name]);
	for (const text of options.output ?? []) {
		const [, name = "", path = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
		if (name === "") throw new InputError("--output", "", `${JSON.stringify(text)} is not name=path`);
		add(`--output ${name}`, name, path);
	}
	if (requests.every(({ path }) => path !== "-")) add("--reporter", defaultText, "-");
	return requests.sort((a, b) => Number(b.path === "-") - Number(a.path === "-"));
}

/** Tells before anything runs what could not be written afterwards. @throws InputError */
export async function assertWritable(requests: readonly OutputRequest[]): Promise<void> {
	for (const { output, path } of requests) {
		if (path === "-") continue;
		await (output.kind === "folder" ? assertWritableFolder(path) : assertWritableFile(path));
	}
}

/**
 * Prints first: results that cannot be written are at least seen.
 * @param inputs are not overwritten, nor removed as files of an earlier run
 */
export async function writeOutputs(
	results: Results,
	requests: readonly OutputRequest[],
	inputs: InputPlaces,
): Promise<void> {
	const captures = capturesFolder(requests);
	for (const { output, path, option } of requests) {
		if (output.kind === "folder") await writeFolder(path, output, results, inputs);
		else if (output.kind === "file") await writeWhole(path, output.render(results));
		else {
			const medium = path === "-" ? mediumOf(process.stdout, process.env) : plainFile;
			const text = output.render(results, { medium, captures });
			if (path === "-") process.stdout.write(text);
			else await writeWhole(path, text);
		}
		for (const line of output.warnings?.(results) ?? [])
			process.stderr.write(`bpfgate: ${option}: ${printable(line)}\n`);
	}
}

/** Where the packets of failed vectors are written, if anywhere. */
function capturesFolder(requests: readonly OutputRequest[]): string | undefined {
	const folder = (name: string) => requests.find(({ output }) => output.name === name)?.path;
	const report = folder("report");
	return folder("captures") ?? (report === undefined ? undefined : join(report, "captures"));
}
