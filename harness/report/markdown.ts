// SPDX-License-Identifier: Apache-2.0
import type { Outcome, Results } from "../results/results.js";
import { packageRows, tallyLine } from "./cells.js";
import { escapeMarkdown, markdownCode } from "./markup.js";
import { listing, onKernels, type ReasonEntry, reasonEntries, wordingLines } from "./reasons.js";

const signs: Record<Outcome, string> = { pass: "✓", fail: "✗", skip: "–", error: "!" };

/** The matrix and the reasons for a pull request, an issue or a step summary (GitHub Flavored Markdown). */
export function markdown(results: Results): string {
	const columns = ["package", ...results.kernels.map(({ id }) => escapeMarkdown(id))];
	const rows = packageRows(results).map(({ label, cells }) => [
		// A table takes a bar as its own even inside code.
		markdownCode(label).replaceAll("|", "\\|"),
		...cells.map((cell) => (cell ? signs[cell] : "·")),
	]);
	const table = [columns, ["---", ...results.kernels.map(() => ":-:")], ...rows].map(
		(cells) => `| ${cells.join(" | ")} |`,
	);
	const reasons = reasonEntries(results).map((entry) => item(entry, results));
	const { accelerator, qemu, interrupted } = results.run;
	return [
		table.join("\n"),
		"✓ pass, ✗ fail, – skip, ! undecided, · not run",
		...(reasons.length > 0 ? [reasons.join("\n")] : []),
		`${tallyLine(results)}. bpfgate ${escapeMarkdown(results.run.bpfgate)}, QEMU ${escapeMarkdown(qemu)}, ${accelerator}.`,
		...(interrupted ? ["**Interrupted: what is missing was not tested.**"] : []),
	]
		.map((block) => `${block}\n`)
		.join("\n");
}

function item(entry: ReasonEntry, results: Results): string {
	const cases = listing(entry.cases.map(markdownCode));
	const kernels = onKernels(entry.kernels.map(escapeMarkdown), results);
	return [
		`- ${signs[entry.outcome]} ${markdownCode(entry.package)}: ${cases} ${kernels} (${markdownCode(entry.code)})`,
		...wordingLines(entry).map(escapeMarkdown),
		`*${escapeMarkdown(entry.hint)}*`,
	].join("\\\n  ");
}
