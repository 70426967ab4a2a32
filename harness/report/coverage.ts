// SPDX-License-Identifier: Apache-2.0
import { CoverageEvidence } from "../base/coverage-record.js";
import { escapeMarkup, printable } from "../base/printable.js";
import type { Results } from "../base/results.js";
import { validator } from "../base/validate.js";

const evidence = validator(CoverageEvidence);
/** Most places of one program that a terminal shows. */
const maxPlaces = 6;

/** One program whose coverage was measured. */
export interface Measured {
	package: string;
	kernel: string;
	coverage: CoverageEvidence;
}

/** What was measured in a run, in the order of its results; empty without `--coverage`. */
export function coverageOf(results: Results): Measured[] {
	return results.results.flatMap((result) => {
		const { coverage } = result.evidence;
		if (result.check !== "vectors" || !evidence.accepts(coverage)) return [];
		return [{ package: result.package, kernel: result.kernel, coverage }];
	});
}

/** Packages whose vectors were not measured, as where the kernel lacks what they need. */
export function unmeasuredPackages(results: Results): string[] {
	const ofVectors = results.results.filter(({ check }) => check === "vectors");
	const tried = new Set(
		ofVectors.filter((result) => result.case.startsWith("coverage/")).map((result) => result.package),
	);
	return [...new Set(ofVectors.map((result) => result.package))].filter((name) => !tried.has(name));
}

/** A table, a program a line, then what no vector reached; empty without a measurement. */
export function coverageText(results: Results): string {
	const measured = coverageOf(results);
	if (measured.length === 0) return "";
	const rows = [
		["", "instructions", "blocks", "lines"],
		...measured.map((each) => [printable(nameOf(each, results)), ...sharesOf(each.coverage)]),
	];
	const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
	const lines = rows.map((row) => {
		const cells = row.map((cell, column) =>
			column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
		);
		return `  ${cells.join("  ")}`.trimEnd();
	});
	const missed = measured.flatMap((each) => {
		const text = missedText(each.coverage);
		return text === "" ? [] : [`  ${printable(nameOf(each, results))}: ${text}`];
	});
	return `${[`Reached by vectors, measured on ${kernelsOf(measured)}:`, ...lines, ...missed].join("\n")}\n`;
}

/** A section for a page; empty when nothing was measured. */
export function coverageSection(results: Results): string[] {
	const measured = coverageOf(results);
	if (measured.length === 0) return [];
	const rows = measured.flatMap((each) => {
		const { missed, vectors } = each.coverage;
		const cells = sharesOf(each.coverage).map((text) => `<td>${escapeMarkup(text)}</td>`);
		const name = `<td class="name">${escapeMarkup(nameOf(each, results))}</td>`;
		const places = missed.map((place) => `<code>${escapeMarkup(place)}</code>`).join(", ");
		return [
			`<tr>${name}<td>${vectors}</td>${cells.join("")}</tr>`,
			...(missed.length > 0
				? [
						`<tr><td colspan="5"><details><summary>lines that no vector reached</summary><p>${places}</p></details></td></tr>`,
					]
				: []),
		];
	});
	return [
		"<h2>Coverage</h2>",
		`<p>What the vectors reached, measured on ${escapeMarkup(kernelsOf(measured))} with a probe in each basic block. Lines are those that the compiler names: code that it moved or merged counts where it put it.</p>`,
		'<div class="wide"><table>',
		"<thead><tr><th>program</th><th>vectors</th><th>instructions</th><th>blocks</th><th>lines</th></tr></thead>",
		"<tbody>",
		...rows,
		"</tbody>",
		"</table></div>",
	];
}

function sharesOf({ instructions, blocks, lines }: CoverageEvidence): string[] {
	return [share(instructions), share(blocks), lines.total === 0 ? "no line information" : share(lines)];
}

/** `12 of 16`, with what is not known: `12 of 16 (1 not measured)`. */
function share({ reached, total, unmeasured = 0 }: { reached: number; total: number; unmeasured?: number }) {
	return `${reached} of ${total}${unmeasured > 0 ? ` (${unmeasured} not measured)` : ""}`;
}

/** The package's name only where there are several. */
function nameOf({ package: pkg, coverage }: Measured, results: Results): string {
	const name = `${coverage.object} ${coverage.program}`;
	return results.packages.length > 1 ? `${pkg} ${name}` : name;
}

function kernelsOf(measured: readonly Measured[]): string {
	return [...new Set(measured.map(({ kernel }) => kernel))].join(", ");
}

/** Paths are those of the machine that compiled it: a terminal gets their last part. */
function missedText({ vectors, missed }: CoverageEvidence): string {
	if (vectors === 0) return "no vector runs it";
	if (missed.length === 0) return "";
	const places = missed.slice(0, maxPlaces).map((place) => printable(place.replace(/^.*\//, "")));
	const more = missed.length - places.length;
	return `not reached: ${places.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}
