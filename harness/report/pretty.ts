// SPDX-License-Identifier: Apache-2.0
import picocolors from "picocolors";
import { listing } from "../base/listing.js";
import { printable, printableLines } from "../base/printable.js";
import type { Results } from "../base/results.js";
import { lastLines } from "../data/reasons/log.js";
import { announcedEntries, announcedTitle } from "./announced.js";
import { capabilities, capabilitiesTitle } from "./capabilities.js";
import { capturePaths, maxCaptures } from "./captures.js";
import {
	type Cell as CaseCell,
	caseRows,
	cellWords,
	columns,
	packageLabel,
	packageRows,
	type Row,
	signs,
	tallyLine,
} from "./cells.js";
import { coverageText } from "./coverage.js";
import { kernelFindings } from "./kernel-findings.js";
import { leftOut } from "./left-out.js";
import type { Medium } from "./medium.js";
import { notes } from "./notes.js";
import { differs, diffOf, maxDiffs } from "./packets.js";
import { maxPictures, pictureOf, picturesDiffer } from "./pictures.js";
import { casesOf, onKernels, type ReasonEntry, reasonEntries, wordingLines } from "./reasons.js";
import { weaknesses } from "./weaknesses.js";

type Cell = CaseCell | "alike";
type Colours = ReturnType<typeof picocolors.createColors>;

const asciiSigns = {
	...{ pass: "+", partial: "+-", fail: "x", skip: "-", error: "!" },
	...{ announced: "(x)", inapplicable: ".", unfinished: "?", alike: "" },
};
const colourOf: Record<Cell, "green" | "red" | "yellow" | "magenta" | "dim"> = {
	...{ pass: "green", partial: "green", fail: "red", skip: "yellow", error: "magenta" },
	...{ announced: "yellow", inapplicable: "dim", unfinished: "magenta", alike: "dim" },
};

/** The matrix: packages down (or one package's cases), kernels across, reasons below. */
export function pretty(results: Results, medium: Medium, captures?: string): string {
	const painter = new Painter(results, medium, captures);
	const [only] = results.packages;
	const alone = results.packages.length === 1 && only !== undefined;
	const rows = alone ? caseRows(results, only.name) : packageRows(results);
	const blocks = [
		...(alone ? [`${painter.title(packageLabel(only))}\n`] : []),
		...painter.matrix(rows),
		painter.legend(rows),
		...reasonEntries(results).map((entry) => painter.reason(entry, alone)),
		painter.moreDiffs(),
		painter.announced(),
		painter.leftOut(),
		painter.capabilities(),
		painter.weaknesses(),
		painter.notes(),
		painter.kernels(),
		coverageText(results),
		painter.summary(),
	];
	return `${blocks.filter((block) => block !== "").join("\n")}`;
}

/** The matrix alone, packages down and kernels across, with what its signs mean. */
export function matrix(results: Results, medium: Medium): string {
	const painter = new Painter(results, medium, undefined);
	const rows = packageRows(results);
	return [...painter.matrix(rows), painter.legend(rows)].filter((block) => block !== "").join("\n");
}

class Painter {
	private readonly colours: Colours;
	private readonly signs: Readonly<Record<Cell, string>>;
	private readonly paths: ReturnType<typeof capturePaths>;
	private diffsShown = 0;
	private picturesShown = 0;

	constructor(
		private readonly results: Results,
		private readonly medium: Medium,
		private readonly captures: string | undefined,
	) {
		this.colours = picocolors.createColors(medium.colour);
		this.signs = medium.unicode ? signs : asciiSigns;
		this.paths = capturePaths(results);
	}

	title(text: string): string {
		return this.colours.bold(printable(text));
	}

	/** Several tables when the kernels do not fit into one line. */
	matrix(rows: Row[]): string[] {
		const ids = columns(this.results).map(printable);
		const widths = ids.map((id) => Math.max(3, id.length) + 2);
		const longest = Math.max(0, ...rows.map((row) => printable(row.label).length));
		const room = Math.max(12, this.medium.width - sum(widths.slice(0, 7)));
		const left = Math.min(longest, room);
		const tables: string[] = [];
		for (let first = 0, end: number; first < ids.length; first = end) {
			end = first + 1;
			while (end < ids.length && left + sum(widths.slice(first, end + 1)) <= this.medium.width) end++;
			const head = ids.slice(first, end).map((id, at) => centre(id, widths[first + at]!, this.colours.bold));
			const lines = rows.map((row) => {
				const cells = row.cells.slice(first, end).map((cell, at) => this.sign(cell, widths[first + at]));
				return `${this.shorten(printable(row.label), left).padEnd(left)}${cells.join("")}`;
			});
			tables.push(`${[`${" ".repeat(left)}${head.join("")}`, ...lines].map(trimEnd).join("\n")}\n`);
		}
		return tables;
	}

	/** The meaning of the signs that occur. */
	legend(rows: Row[]): string {
		const seen = new Set(rows.flatMap((row) => row.cells));
		for (const plain of ["pass", "alike"] as const) seen.delete(plain);
		if (seen.size === 0) return "";
		const order = Object.keys(cellWords) as CaseCell[];
		const words = order.filter((cell) => cell === "pass" || seen.has(cell));
		return `${words.map((cell) => `${this.sign(cell)} ${cellWords[cell]}`).join("   ")}\n`;
	}

	reason(entry: ReasonEntry, alone: boolean): string {
		const { outcome, code, hint } = entry;
		const cases = printable(casesOf(entry, this.results));
		const kernels = onKernels(entry.kernels.map(printable), this.results);
		const subject = alone ? "" : `${printable(entry.package)}: `;
		const head = wrap(`${subject}${cases} ${kernels}`, this.medium.width - 2);
		const arrow = this.medium.unicode ? "→" : "->";
		const words = wordingLines(entry).map(printable);
		const body = [
			...words.slice(0, -1),
			`${words.at(-1)} [${printable(code)}]`,
			`${arrow} ${printable(hint)}`,
		]
			.flatMap((text) => wrap(text, this.medium.width - 4))
			.map(indent);
		const lines = [
			`${this.sign(outcome)} ${head.map(this.colours.bold).join("\n  ")}`,
			...body,
			...(alone && outcome === "fail" ? this.log(entry) : []),
			...this.packets(entry),
			...this.picture(entry),
		];
		return `${lines.join("\n")}\n`;
	}

	/** How many failures have packets that are not shown. */
	moreDiffs(): string {
		const left = this.results.results.filter(differs).length - this.diffsShown;
		if (this.diffsShown === 0 || left <= 0) return "";
		const written = this.paths.size === maxCaptures ? ` (of the first ${maxCaptures} failures)` : "";
		const where =
			this.captures === undefined
				? "--captures <folder> writes them"
				: `see ${printable(this.captures)}${written}`;
		const text = `${count(left, "more failure")} with differing packets: ${where}`;
		return `${wrap(text, this.medium.width).join("\n")}\n`;
	}

	announced(): string {
		const lines = announcedEntries(this.results).flatMap((entry) => {
			const where = onKernels(entry.kernels.map(printable), this.results);
			const head = `${printable(`${entry.package}: ${casesOf(entry, this.results)}`)} ${where}`;
			const said = `${head}: ${wordingLines(entry).map(printable).join("; ")} [${printable(entry.code)}]`;
			return wrap(said, this.medium.width - 2).map((line) => `  ${line}`);
		});
		const title = wrap(announcedTitle, this.medium.width).map(this.colours.bold);
		return lines.length === 0 ? "" : `${[...title, ...lines].join("\n")}\n`;
	}

	leftOut(): string {
		const lines = leftOut(this.results).flatMap((text) => wrap(printable(text), this.medium.width));
		return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
	}

	capabilities(): string {
		const lines = capabilities(this.results).flatMap((text) =>
			wrap(printable(text), this.medium.width - 2).map((line) => `  ${line}`),
		);
		return lines.length === 0 ? "" : `${[this.colours.bold(capabilitiesTitle), ...lines].join("\n")}\n`;
	}

	weaknesses(): string {
		const found = weaknesses(this.results);
		if (found.length === 0) return "";
		const lines = found.flatMap((text) => wrap(text, this.medium.width - 2).map((line) => `  ${line}`));
		return `${[this.colours.bold("Passed, but the kernel is weak here:"), ...lines].join("\n")}\n`;
	}

	notes(): string {
		const lines = notes(this.results).flatMap((text) =>
			wrap(text, this.medium.width - 2).map((line) => `  ${line}`),
		);
		return lines.length > 0 ? `${[this.colours.bold("Passed, with notes:"), ...lines].join("\n")}\n` : "";
	}

	kernels(): string {
		const lines = kernelFindings(this.results).flatMap(({ kind, promises, kernels, text }) => {
			const where = onKernels(kernels.map(printable), this.results);
			const said = `${kind} ${where}: ${printable(text)} (${listing(promises.map(printable))})`;
			return wrap(said, this.medium.width - 2).map((line) => `  ${line}`);
		});
		if (lines.length === 0) return "";
		return `${[this.colours.bold("The kernels' own findings, independent of the package:"), ...lines].join("\n")}\n`;
	}

	summary(): string {
		const { run, packages, kernels } = this.results;
		const seconds = (Date.parse(run.finished) - Date.parse(run.started)) / 1000;
		const counts = `${count(packages.length, "package")} on ${count(kernels.length, "kernel")}`;
		const text = `${tallyLine(this.results)}: ${counts} in ${seconds.toFixed(1)} s (${run.accelerator})`;
		const lines = wrap(text, this.medium.width);
		if (run.interrupted) lines.push("Interrupted; missing cases did not run.");
		return `${lines.join("\n")}\n`;
	}

	/** The end of the kernel's log, if the evidence has one. */
	private log(entry: ReasonEntry): string[] {
		const { log, verifier_log: verifier } = entry.example.evidence;
		const tail =
			typeof log === "string"
				? printableLines(log).slice(-8)
				: typeof verifier === "string"
					? lastLines(verifier, 6).map(printable)
					: [];
		if (tail.length === 0) return [];
		const kernel = printable(entry.example.kernel);
		return [
			`    the ${typeof log === "string" ? "kernel" : "verifier"}'s log on ${kernel}:`,
			...tail.map((line) => `    ${this.colours.dim(`| ${line}`)}`),
		];
	}

	/** The capture files, and the packets of the first failures side by side. */
	private packets({ results }: ReasonEntry): string[] {
		const [first, ...others] = results.filter((result) => this.paths.has(result));
		const lines: string[] = [];
		if (first && this.captures !== undefined) {
			const more = others.length > 0 ? ` and ${others.length} more` : "";
			lines.push(`packets: ${printable(this.captures)}/${this.paths.get(first)}${more}`);
		}
		const shown = results.find(differs);
		const medium = { ...this.medium, width: this.medium.width - 4 };
		const diff = shown && this.diffsShown < maxDiffs ? diffOf(shown, medium) : undefined;
		if (diff) {
			this.diffsShown++;
			lines.push(...wrap(`${printable(diff.title)}:`, medium.width), ...diff.lines);
		}
		return lines.map(indent);
	}

	/** The chain of the first result that has one. */
	private picture({ results }: ReasonEntry): string[] {
		const shown = results.find(picturesDiffer);
		if (!shown || this.picturesShown === maxPictures) return [];
		this.picturesShown++;
		const head = `the chain on ${printable(shown.kernel)}:`;
		return [head, ...(pictureOf(shown) ?? [])].map(indent);
	}

	/** Padded so that the first character is in the middle. */
	private sign(cell: Cell, width = 1): string {
		const sign = this.signs[cell];
		const painted = this.colours[colourOf[cell]](sign);
		const before = sign === "" ? 0 : Math.floor((width - 1) / 2);
		return `${" ".repeat(before)}${painted}${" ".repeat(Math.max(0, width - before - sign.length))}`;
	}

	private shorten(text: string, width: number): string {
		if (text.length <= width) return text;
		const mark = this.medium.unicode ? "…" : "..";
		return text.slice(0, width - mark.length) + mark;
	}
}

function count(n: number, noun: string): string {
	return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** Paints the text but not the spaces around it. */
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

function centre(text: string, width: number, paint: (text: string) => string): string {
	const before = Math.max(0, Math.floor((width - text.length) / 2));
	const after = Math.max(0, width - text.length - before);
	return `${" ".repeat(before)}${paint(text)}${" ".repeat(after)}`;
}

function indent(line: string): string {
	return `    ${line}`;
}

function trimEnd(line: string): string {
	return line.trimEnd();
}

/** Breaks at spaces; a word longer than a line stays whole. */
export function wrap(text: string, width: number): string[] {
	const lines: string[] = [];
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + 1 + word.length > width) {
			lines.push(line);
			line = word;
		} else {
			line = line === "" ? word : `${line} ${word}`;
		}
	}
	return [...lines, line];
}
