// SPDX-License-Identifier: Apache-2.0
import { type Cell, type ChainView, columnNames } from "./chain-view.js";

/** What the picture is shown on. */
export interface Medium {
	/** Columns, at least 40. */
	width: number;
	/** Makes a difference stand out, where there are colours; takes up no room. */
	mark?: (text: string) => string;
}

const gap = "  ";

/** A chain as text, `!` before differences, a sentence for each below; at most `width` wide. */
export function chainPicture(view: ChainView, { width, mark = (text) => text }: Medium): string[] {
	const room = Math.floor((width - gap.length * 2) / 3);
	const rows = Math.max(...view.columns.map((cells) => cells.length));
	const line = (entries: string[]) => entries.join(gap).trimEnd();
	const table = Array.from({ length: rows }, (_, row) =>
		line(
			view.columns.map((cells) => {
				const cell = cells[row];
				const text = cell ? cellText(cell, room) : "";
				const filled = text.padEnd(room);
				return cell?.differs ? mark(text) + filled.slice(text.length) : filled;
			}),
		),
	);
	return [
		clipped(view.title, width),
		line(columnNames.map((name) => `  ${name}`.padEnd(room))),
		...table,
		...view.sentences.flatMap((sentence) => wrapped(sentence, width).map((text) => mark(text))),
	];
}

/** `! 2 filter XDP_DROP`, `! - filter missing`; the name gives way where room is short. */
function cellText({ label, place, verdict, differs }: Cell, room: number): string {
	const before = `${differs ? "!" : " "} ${place ?? "-"} `;
	const note = place === undefined ? "missing" : verdict;
	const after = note === undefined ? "" : ` ${note}`;
	const forLabel = room - before.length - after.length;
	// A verdict of great length would leave nothing of the name.
	return forLabel < 4
		? clipped(`${before}${label}${after}`, room)
		: `${before}${clipped(label, forLabel)}${after}`;
}

function clipped(text: string, room: number): string {
	return text.length <= room ? text : `${text.slice(0, room - 1)}~`;
}

/** At spaces, further lines indented; a word longer than a line is cut through. */
function wrapped(sentence: string, width: number): string[] {
	const lines: string[] = [];
	let rest = `! ${sentence}`;
	while (rest.length > width) {
		const space = rest.lastIndexOf(" ", width);
		const cut = space > 2 ? space : width;
		lines.push(rest.slice(0, cut));
		rest = `  ${rest.slice(cut).trimStart()}`;
	}
	return [...lines, rest];
}
