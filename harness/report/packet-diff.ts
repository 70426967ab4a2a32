// SPDX-License-Identifier: Apache-2.0
import picocolors from "picocolors";
import { beside, type Line, type Status } from "../data/packet/beside.js";
import type { LinkType } from "../data/packet/dissect.js";
import type { Medium } from "./medium.js";

/** Most lines of one diff. */
const maxLines = 48;
/** Most rows of one payload. */
const maxRows = 6;

const marks: Record<Status, string> = { same: " ", changed: "*", missing: "-", added: "+" };

/**
 * Two packets side by side, marked in the first column: `*` another value, `-` only expected, `+`
 * only there. Empty when the packets are the same.
 */
export function packetDiff(
	expected: Uint8Array,
	actual: Uint8Array,
	linkType: LinkType,
	medium: Medium,
): string[] {
	const lines = beside(expected, actual, linkType);
	if (lines.length === 0) return [];
	const page = new Page(lines, medium);
	const text = [page.head(), ...lines.flatMap((line) => page.line(line))];
	if (text.length <= maxLines) return text;
	return [...text.slice(0, maxLines - 1), `  and ${text.length - maxLines + 1} more lines`];
}

type Paint = (text: string) => string;

/** Bytes in a row, and whether characters follow: the widest of these that fits. */
const rows = [
	{ bytes: 16, text: true },
	{ bytes: 8, text: true },
	{ bytes: 4, text: true },
	{ bytes: 4, text: false },
	{ bytes: 2, text: false },
];
type RowForm = (typeof rows)[number];
/** Bytes in pairs, as xxd(1) writes them. */
const hexWidth = (bytes: number) => bytes * 2 + bytes / 2 - 1;
const rowWidth = ({ bytes, text }: RowForm) => hexWidth(bytes) + (text ? 1 + bytes : 0);
const paired = (bytes: readonly string[]) =>
	bytes.map((byte, index) => (index % 2 === 0 && index > 0 ? ` ${byte}` : byte)).join("");

class Page {
	readonly #colours: ReturnType<typeof picocolors.createColors>;
	/** Columns of the names, with two before them for the mark. */
	readonly #left: number;
	/** Columns of each side. */
	readonly #side: number;
	readonly #row: RowForm;

	constructor(
		lines: readonly Line[],
		readonly medium: Medium,
	) {
		this.#colours = picocolors.createColors(medium.colour);
		const names = lines.map((line) => (line.kind === "field" ? line.name.length + 2 : 9));
		this.#left = 2 + Math.min(Math.max(9, ...names), Math.max(12, Math.floor(medium.width / 4)));
		// A space, and a bar between the sides.
		this.#side = Math.max(8, Math.floor((medium.width - this.#left - 4) / 2));
		this.#row = rows.find((form) => rowWidth(form) <= this.#side) ?? { bytes: 2, text: false };
	}

	head(): string {
		return this.#beside(" ", "", ["expected"], ["actual"], "same")[0] ?? "";
	}

	line(line: Line): string[] {
		switch (line.kind) {
			case "gap":
				return [`    ${this.medium.unicode ? "⋮" : ":"}`];
			case "content":
				return this.#content(line);
			case "layer":
				// The same on both sides: once, across them.
				if (line.expected === line.actual) return this.#across(line);
				// The fields below tell where those of a header differ.
				if (line.status === "changed" && line.name !== "payload") return [`* ${line.name}`];
				return this.#cells(line, line.name);
			case "field":
				return this.#cells(line, `  ${this.#shortened(line.name, this.#left - 4)}`);
		}
	}

	#across({ name, status, actual = "" }: Extract<Line, { kind: "layer" }>): string[] {
		return folded(this.#signs(actual), this.medium.width - this.#left - 1).map((text, index) => {
			const start = index === 0 ? `${marks[status]} ${name}` : "";
			return `${start.padEnd(this.#left)} ${text}`.trimEnd();
		});
	}

	#cells({ status, expected, actual }: Extract<Line, { kind: "layer" | "field" }>, name: string): string[] {
		const cells = [expected, actual].map((text) => folded(this.#signs(text ?? ""), this.#side));
		return this.#beside(marks[status], name, cells[0] ?? [], cells[1] ?? [], status);
	}

	#beside(
		mark: string,
		name: string,
		left: readonly string[],
		right: readonly string[],
		status: Status,
	): string[] {
		const [was, is] = this.#paints(status);
		return Array.from({ length: Math.max(left.length, right.length, 1) }, (_, index) => {
			const start = index === 0 ? `${mark} ${name}` : "";
			const one = (left[index] ?? "").padEnd(this.#side);
			return `${start.padEnd(this.#left)} ${was(one)} | ${is(right[index] ?? "")}`.trimEnd();
		});
	}

	#paints(status: Status): [Paint, Paint] {
		if (status === "same") return [String, String];
		return [this.#colours.green, this.#colours.red];
	}

	/** Rows of bytes where they differ, with carets below those that do. */
	#content({ name, expected, actual }: Extract<Line, { kind: "content" }>): string[] {
		const { bytes: size } = this.#row;
		const length = Math.max(expected.length, actual.length);
		const differing: number[] = [];
		for (let at = 0; at < length; at += size)
			if (!same(expected.subarray(at, at + size), actual.subarray(at, at + size))) differing.push(at);
		const [shown, left] = [differing.slice(0, maxRows), differing.length - maxRows];
		const [was = [], is = []] = [expected, actual].map((part) => folded(count(part.length), this.#side));
		return [
			// The payload's own are said already.
			...(name === "payload" ? [] : this.#beside("*", `  ${name}`, was, is, "changed")),
			...shown.flatMap((at) => this.#rowAt(at, expected, actual)),
			...(left > 0 ? [`    and ${left} more ${left === 1 ? "row" : "rows"} of ${size} bytes`] : []),
		];
	}

	#rowAt(at: number, expected: Uint8Array, actual: Uint8Array): string[] {
		const { bytes: size, text } = this.#row;
		const form = (packet: Uint8Array) => {
			const part = [...packet.subarray(at, at + size)];
			const hex = paired(part.map((byte) => byte.toString(16).padStart(2, "0")));
			const shown = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."));
			return text ? `${hex.padEnd(hexWidth(size))} ${shown.join("")}` : hex;
		};
		const carets = Array.from({ length: size }, (_, index) =>
			expected[at + index] === actual[at + index] ? "  " : "^^",
		);
		const pointed = carets.includes("  ") && expected.length > at && actual.length > at;
		const status = expected.length <= at ? "added" : actual.length <= at ? "missing" : "changed";
		const name = `  ${at.toString(16).padStart(4, "0")}`;
		const right = [form(actual), ...(pointed ? [paired(carets).trimEnd()] : [])];
		return this.#beside(marks[status], name, [form(expected)], right, status);
	}

	/** The end of a path says more than its start. */
	#shortened(name: string, width: number): string {
		if (name.length <= width) return name;
		const mark = this.#signs("…");
		return `${mark}${name.slice(name.length - width + mark.length)}`;
	}

	#signs(text: string): string {
		return this.medium.unicode ? text : text.replaceAll("…", "..");
	}
}

function count(bytes: number): string {
	return `${bytes} ${bytes === 1 ? "byte" : "bytes"}`;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
	return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/** Breaks a value into lines, at spaces where there are any. */
function folded(text: string, width: number): string[] {
	const lines: string[] = [];
	let rest = text;
	while (rest.length > width) {
		const space = rest.lastIndexOf(" ", width);
		const cut = space > 0 ? space : width;
		lines.push(rest.slice(0, cut));
		rest = rest.slice(cut).trimStart();
	}
	return [...lines, rest];
}
