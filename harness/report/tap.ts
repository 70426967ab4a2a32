// SPDX-License-Identifier: Apache-2.0

import { printable } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { caseName } from "./cells.js";
import { leftOut } from "./left-out.js";
import { noteOf } from "./notes.js";

/** Test Anything Protocol 14 (testanything.org): a case is a point; `error` is `not ok`. */
export function tap(results: Results): string {
	const comments = leftOut(results).map((text) => `# ${printable(text)}`);
	const lines = ["TAP version 14", `1..${results.results.length}`, ...comments];
	results.results.forEach((result, index) => {
		lines.push(...point(result, index + 1));
	});
	if (results.run.interrupted) lines.push("Bail out! interrupted");
	return `${lines.join("\n")}\n`;
}

function point(result: CaseResult, number: number): string[] {
	const { outcome, reason } = result;
	const name = escapeTap(`${result.package} on ${result.kernel}: ${caseName(result)}`);
	const status = outcome === "pass" || outcome === "skip" ? "ok" : "not ok";
	const directive = outcome === "skip" ? ` # SKIP ${escapeTap(reason?.message ?? "")}`.trimEnd() : "";
	const line = `${status} ${number} - ${name}${directive}`;
	const note = noteOf(result);
	if (outcome === "pass" && note === undefined) return [line];
	// Strings as JSON writes them are YAML flow scalars.
	const diagnostic = note === undefined ? { severity: outcome, ...reason } : { note };
	const yaml = Object.entries(diagnostic).map(
		([key, value]) => `  ${key}: ${JSON.stringify(printable(value))}`,
	);
	return [line, "  ---", ...yaml, "  ..."];
}

function escapeTap(text: string): string {
	return printable(text).replace(/[\\#]/g, "\\$&");
}
