// SPDX-License-Identifier: Apache-2.0

import { printable } from "../base/printable.js";
import type { CaseResult, Results } from "../base/results.js";
import { capabilities } from "./capabilities.js";
import { caseName, tally } from "./cells.js";
import { leftOut } from "./left-out.js";
import { noteOf } from "./notes.js";

/**
 * Test Anything Protocol 14 (testanything.org): a case is a point; `error` is `not ok`, and an
 * announced failure is `not ok # TODO`, which is no failure.
 */
export function tap(results: Results): string {
	const { announced } = tally(results);
	const counted = announced > 0 ? [`${announced} failed as announced in expect.failures`] : [];
	const comments = [...leftOut(results), ...capabilities(results), ...counted].map(
		(text) => `# ${printable(text)}`,
	);
	const lines = ["TAP version 14", `1..${results.results.length}`, ...comments];
	results.results.forEach((result, index) => {
		lines.push(...point(result, index + 1));
	});
	if (results.run.interrupted) lines.push("Bail out! interrupted");
	return `${lines.join("\n")}\n`;
}

function point(result: CaseResult, number: number): string[] {
	const { outcome, announced, reason } = result;
	const name = escapeTap(`${result.package} on ${result.kernel}: ${caseName(result)}`);
	const status = !announced && (outcome === "pass" || outcome === "skip") ? "ok" : "not ok";
	const directive = announced
		? ` # TODO announced in expect.failures: ${escapeTap(announced.message)}`
		: outcome === "skip"
			? ` # SKIP ${escapeTap(reason?.message ?? "")}`.trimEnd()
			: "";
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
