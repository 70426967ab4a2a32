// SPDX-License-Identifier: Apache-2.0
import { escapeMarkup } from "../../../base/printable.js";
import { type Cell, type ChainView, columnNames } from "./chain-view.js";

const box = { width: 200, height: 30, gapX: 60, gapY: 12 };
const margin = 16;
const top = 64;
/** Monospaced letters of 12 px are 7.2 px wide. */
const letters = Math.floor((box.width - 16) / 7.2);
const ink = { text: "#1b1f24", frame: "#57606a", line: "#8c959f", differs: "#b3261e", paper: "#ffffff" };

/** A chain as an SVG image; what differs is red with a broken frame and `!`, and told in `desc`. */
export function chainPictureSvg(view: ChainView): string {
	const rows = Math.max(1, ...view.columns.map((cells) => cells.length));
	const width = margin * 2 + box.width * 3 + box.gapX * 2;
	const height = top + rows * (box.height + box.gapY) + margin;
	const summary =
		view.sentences.length === 0
			? "All three orders agree."
			: view.sentences.map((text) => `${text}.`).join(" ");
	const entries = [
		`<title>${escapeMarkup(view.title)}</title>`,
		`<desc>${escapeMarkup(summary)}</desc>`,
		`<rect width="${width}" height="${height}" fill="${ink.paper}"/>`,
		text(margin, 26, clipped(view.title, Math.floor((width - margin * 2) / 9)), ink.text, 14),
		...columnNames.map((name, index) => text(x(index), top - 12, name, ink.frame)),
		...[0, 1].flatMap((index) => lines(view, index)),
		...view.columns.flatMap((cells, index) => cells.flatMap((cell, row) => drawn(cell, index, row))),
	];
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, monospace" font-size="12">`,
		...entries.map((entry) => `\t${entry}`),
		"</svg>",
		"",
	].join("\n");
}

const x = (column: number) => margin + column * (box.width + box.gapX);
const y = (row: number) => top + row * (box.height + box.gapY);

/** From each member to its first place in the next column; one that is missing there has none. */
function lines(view: ChainView, from: number): string[] {
	const left = view.columns[from]!;
	const right = view.columns[from + 1]!;
	return left.flatMap((cell, row) => {
		const to = right.findIndex(({ label, place }) => label === cell.label && place !== undefined);
		if (cell.place === undefined || to < 0) return [];
		const [y1, y2] = [y(row) + box.height / 2, y(to) + box.height / 2];
		const colour = right[to]!.differs ? ink.differs : ink.line;
		return [
			`<line x1="${x(from) + box.width}" y1="${y1}" x2="${x(from + 1)}" y2="${y2}" stroke="${colour}"/>`,
		];
	});
}

function drawn({ label, place, verdict, differs }: Cell, column: number, row: number): string[] {
	const colour = differs ? ink.differs : ink.frame;
	const broken = differs ? ' stroke-width="2" stroke-dasharray="5 3"' : "";
	const before = `${differs ? "! " : ""}${place ?? "-"} `;
	const note = place === undefined ? "missing" : verdict;
	const after = note === undefined ? "" : ` ${clipped(note, 16)}`;
	const words = `${before}${clipped(label, letters - before.length - after.length)}${after}`;
	return [
		`<rect x="${x(column)}" y="${y(row)}" width="${box.width}" height="${box.height}" rx="4" fill="${ink.paper}" stroke="${colour}"${broken}/>`,
		text(x(column) + 8, y(row) + 20, words, differs ? ink.differs : ink.text),
	];
}

function text(left: number, base: number, words: string, colour: string, size?: number): string {
	const larger = size === undefined ? "" : ` font-size="${size}"`;
	return `<text x="${left}" y="${base}" fill="${colour}"${larger}>${escapeMarkup(words)}</text>`;
}

function clipped(words: string, room: number): string {
	return words.length <= room ? words : `${words.slice(0, room - 1)}~`;
}
