// SPDX-License-Identifier: Apache-2.0
import { listing } from "../base/listing.js";
import type { CaseResult, Results } from "../base/results.js";
import { announcedEntries, announcedTitle } from "./announced.js";
import { capabilities, capabilitiesTitle } from "./capabilities.js";
import { caseName, columns, legend, packageRows, signs, tallyLine } from "./cells.js";
import { kernelFindings } from "./kernel-findings.js";
import { leftOut } from "./left-out.js";
import { escapeMarkdown, markdownCode } from "./markup.js";
import { notes } from "./notes.js";
import { differs, diffOf, maxDiffs } from "./packets.js";
import { maxPictures, pictureOf, picturesDiffer } from "./pictures.js";
import { few, onKernels, type ReasonEntry, reasonEntries, wordingLines } from "./reasons.js";

/** Matrix and reasons for a pull request, an issue or a summary (GitHub Flavored Markdown). */
export function markdown(results: Results): string {
	const heads = columns(results).map(escapeMarkdown);
	const rows = packageRows(results).map(({ label, cells }) => [
		// In a table, a bar ends the cell even inside code.
		markdownCode(label).replaceAll("|", "\\|"),
		...cells.map((cell) => signs[cell]),
	]);
	const table = [["package", ...heads], ["---", ...heads.map(() => ":-:")], ...rows].map(
		(cells) => `| ${cells.join(" | ")} |`,
	);
	const reasons = reasonEntries(results).map((entry) => item(entry, results));
	const { accelerator, qemu, interrupted } = results.run;
	return [
		table.join("\n"),
		legend,
		...(reasons.length > 0 ? [reasons.join("\n")] : []),
		...announced(results),
		...leftOut(results).map(escapeMarkdown),
		...capable(results),
		...kernels(results),
		...noted(results),
		...results.results.filter(differs).slice(0, maxDiffs).map(diff),
		...results.results.filter(picturesDiffer).slice(0, maxPictures).map(picture),
		`${tallyLine(results)}. bpfgate ${escapeMarkdown(results.run.bpfgate)}, QEMU ${escapeMarkdown(qemu)}, ${accelerator}.`,
		...(interrupted ? ["**Interrupted; missing cases did not run.**"] : []),
	]
		.map((block) => `${block}\n`)
		.join("\n");
}

function announced(results: Results): string[] {
	const items = announcedEntries(results).map((entry) => item(entry, results, signs.announced));
	return items.length > 0 ? [announcedTitle, items.join("\n")] : [];
}

function capable(results: Results): string[] {
	const items = capabilities(results).map((text) => `- ${escapeMarkdown(text)}`);
	return items.length > 0 ? [capabilitiesTitle, items.join("\n")] : [];
}

function item(entry: ReasonEntry, results: Results, sign = signs[entry.outcome]): string {
	const cases = listing(few(entry.cases.map(markdownCode)));
	const kernels = onKernels(entry.kernels.map(escapeMarkdown), results);
	return [
		`- ${sign} ${markdownCode(entry.package)}: ${cases} ${kernels} (${markdownCode(entry.code)})`,
		...wordingLines(entry).map(escapeMarkdown),
		`*${escapeMarkdown(entry.hint)}*`,
	].join("\\\n  ");
}

function kernels(results: Results): string[] {
	const items = kernelFindings(results).map(({ kind, promises, kernels, text }) => {
		const where = onKernels(kernels.map(escapeMarkdown), results);
		return `- ${kind} ${where}: ${escapeMarkdown(text)} (${listing(promises.map(markdownCode))})`;
	});
	return items.length > 0 ? ["The kernels' own findings, independent of the package:", items.join("\n")] : [];
}

function noted(results: Results): string[] {
	const items = notes(results).map((text) => `- ${escapeMarkdown(text)}`);
	return items.length > 0 ? ["Passed, with notes:", items.join("\n")] : [];
}

/** Columns of a diff that a pull request shows without a scroll bar. */
const medium = { width: 100, colour: false, unicode: true };

function diff(result: CaseResult): string {
	const { title = "", lines = [] } = diffOf(result, medium) ?? {};
	const head = `${markdownCode(caseName(result))} of ${markdownCode(result.package)}, ${escapeMarkdown(title)}:`;
	return [head, "", ...fenced(lines)].join("\n");
}

function picture(result: CaseResult): string {
	const head = `${markdownCode(caseName(result))} of ${markdownCode(result.package)} on ${escapeMarkdown(result.kernel)}:`;
	return [head, "", ...fenced(pictureOf(result) ?? [])].join("\n");
}

/** A code block with a fence longer than any in the text. */
function fenced(lines: readonly string[]): string[] {
	const longest = Math.max(2, ...(lines.join("\n").match(/`+/g) ?? []).map((run) => run.length));
	const fence = "`".repeat(longest + 1);
	return [`${fence}text`, ...lines, fence];
}
