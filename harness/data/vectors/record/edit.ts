// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import {
	type Document,
	isAlias,
	isCollection,
	isMap,
	isNode,
	isSeq,
	type Pair,
	parseDocument,
	type YAMLMap,
	type YAMLSeq,
} from "yaml";
import { InputError } from "../../../base/errors.js";
import { interruptible } from "../../../base/interruptible.js";
import { parseText } from "../text.js";
import { type Change, changed, valueAt } from "./change.js";
import { jsonValue, yamlBlock, yamlFlow } from "./render.js";

/** Text to stand in place of other text. */
interface Splice {
	from: number;
	to: number;
	text: string;
}

/**
 * Lines and values of a file that is changed in place: a parser that keeps the place of each takes
 * 10 µs and 1.5 KiB for one.
 */
const maxPieces = 100_000;
const piece = /[\n,[{]|[-:?](?=[ \t])/g;

/** Whether a file can be changed in little time and memory. @throws InputError */
export function assertEditable(file: string, text: string): void {
	let count = 0;
	for (piece.lastIndex = 0; piece.test(text); )
		if (++count > maxPieces)
			throw new InputError(
				file,
				"",
				`has more than ${maxPieces} lines and values, too many to be changed in place; split it`,
			);
}

/**
 * Changes a JSON or YAML file in its text; all other bytes stay. What is new is written in the
 * style around it. @param file `.json` is JSON
 * @throws InputError when a change cannot be made there alone, as behind an alias
 */
export function editText(file: string, text: string, changes: readonly Change[]): string {
	if (changes.length === 0) return text;
	assertEditable(file, text);
	return interruptible(() => editedText(file, text, changes));
}

function editedText(file: string, text: string, changes: readonly Change[]): string {
	const encoded = new TextEncoder().encode(text);
	const wanted = changed(parseText(file, encoded).value, changes);
	const edited = new Editor(file, text, wanted).edit(changes);
	const read = parseText(file, new TextEncoder().encode(edited)).value;
	if (!isDeepStrictEqual(JSON.parse(JSON.stringify(read)), wanted))
		throw new InputError(
			file,
			"",
			"cannot be changed in place: an alias shares what is to change, or its layout is unusual; write that part out first",
		);
	return edited;
}

class Editor {
	readonly #json: boolean;
	readonly #newline: string;
	readonly #document: Document;
	readonly #splices = new Map<string, Splice>();
	/** What is new, by the collection that gets it. */
	readonly #additions = new Map<YAMLMap | YAMLSeq, { path: string[]; flow: boolean; keys: Set<string> }>();

	constructor(
		file: string,
		readonly text: string,
		readonly wanted: unknown,
	) {
		this.#json = file.endsWith(".json");
		this.#newline = text.includes("\r\n") ? "\r\n" : "\n";
		this.#document = parseDocument(text, {
			stringKeys: true,
			// The parser compares each key with all before it, and parseText has looked already.
			uniqueKeys: false,
			logLevel: "error",
			schema: this.#json ? "json" : "core",
		});
	}

	edit(changes: readonly Change[]): string {
		for (const { path } of changes) this.#locate(path);
		for (const [collection, addition] of this.#additions) this.#add(collection, addition);
		// Of places inside of each other, the outer one has all.
		const outer: Splice[] = [];
		for (const splice of [...this.#splices.values()].sort((a, b) => a.from - b.from || b.to - a.to))
			if (splice.from >= (outer.at(-1)?.to ?? 0)) outer.push(splice);
		let edited = this.text;
		for (const { from, to, text } of outer.reverse())
			edited = edited.slice(0, from) + text + edited.slice(to);
		return edited;
	}

	/** Goes down to what a change is about, or to where it is missing. */
	#locate(path: readonly string[]): void {
		let node: unknown = this.#document.contents;
		let pair: Pair | undefined;
		let flow = this.#json;
		for (const [depth, key] of path.entries()) {
			if (!isMap(node) && !isSeq(node)) {
				this.#replace(path.slice(0, depth), node, pair, flow);
				return;
			}
			flow ||= node.flow === true;
			const next: Pair | unknown = isMap(node)
				? node.items.find((item) => isNode(item.key) && String(item.key) === key)
				: node.items[Number(key)];
			if (next === undefined) {
				const here = path.slice(0, depth);
				const addition = this.#additions.get(node) ?? { path: here, flow, keys: new Set<string>() };
				addition.keys.add(key);
				this.#additions.set(node, addition);
				return;
			}
			pair = isMap(node) ? (next as Pair) : undefined;
			node = pair ? pair.value : next;
		}
		this.#replace(path, node, pair, flow);
	}

	#replace(path: readonly string[], node: unknown, pair: Pair | undefined, flow: boolean): void {
		if (!isNode(node) || !node.range) return;
		const value = valueAt(this.wanted, path);
		const [from, to] = [node.range[0], endOf(node)];
		const simple = typeof value !== "object" || value === null;
		if (flow || simple) {
			const inLine = this.#inline(value, from, this.text.slice(from, to));
			this.#put(from, to, from === to ? ` ${inLine}` : inLine);
			return;
		}
		if (pair && isNode(pair.key) && pair.key.range && !isAlias(node) && node.anchor === undefined) {
			const start = pair.key.range[0];
			this.#put(start, to, this.#lines({ [String(pair.key)]: value }, this.#column(start)));
			return;
		}
		this.#put(from, to, pair ? yamlFlow(value) : this.#lines(value, this.#column(from)));
	}

	#add(
		collection: YAMLMap | YAMLSeq,
		{ path, flow, keys }: { path: string[]; flow: boolean; keys: Set<string> },
	): void {
		if (!collection.range) return;
		const { items } = collection;
		const last = items.at(-1);
		if (last === undefined) {
			this.#replace(path, collection, undefined, true);
			return;
		}
		const end = endOf(last);
		const list = isSeq(collection);
		const values = [...keys].map((key) => ({ key, value: valueAt(this.wanted, [...path, key]) }));
		if (!flow) {
			const column = this.#column(list ? collection.range[0] : startOf(items[0]));
			const lines = values.map(({ key, value }) => this.#lines(list ? [value] : { [key]: value }, column));
			const at = this.#lineEnd(end);
			const margin = " ".repeat(column);
			const before = at > 0 && this.text[at - 1] === "\n" ? "" : this.#newline;
			const text = lines.map((each) => margin + each).join(this.#newline);
			this.#put(at, at, before === "" ? text + this.#newline : before + text);
			return;
		}
		const margin = this.#marginIfFirst(startOf(last));
		const comma = /^\s*,/.exec(this.text.slice(end))?.[0] ?? "";
		const parts = values.map(({ key, value }) => {
			const spelled = this.#inline(
				value,
				margin === undefined ? -1 : startOf(last),
				margin === undefined ? "" : "\n",
			);
			return list
				? spelled
				: `${this.#json ? JSON.stringify(key) : yamlFlow({ [key]: 0 }).slice(2, -5)}: ${spelled}`;
		});
		const separator = margin === undefined ? ", " : `,${this.#newline}${margin}`;
		const text = parts.join(separator);
		const at = end + comma.length;
		this.#put(at, at, comma ? separator.slice(1) + text : separator + text);
	}

	/** In a flow collection, or as a scalar: JSON in lines where what stood there had lines. */
	#inline(value: unknown, at: number, old: string): string {
		if (!this.#json) return yamlFlow(value);
		const unit = old.includes("\n") ? this.#unit() : undefined;
		const margin = at < 0 ? "" : (/^[ \t]*/.exec(this.text.slice(this.#lineStart(at)))?.[0] ?? "");
		return jsonValue(value, unit, margin).replaceAll("\n", this.#newline);
	}

	/** Lines of block style, the first without its margin. */
	#lines(value: unknown, column: number): string {
		const lines = yamlBlock(value, this.#indent(), column);
		return lines.join(this.#newline + " ".repeat(column));
	}

	/** Of the first thing that is indented; a tab where nothing is. */
	#unit(): string {
		return /^[ \t]+(?=\S)/m.exec(this.text)?.[0] ?? "\t";
	}

	/** Of the members of a vector below what is their own: 2 without own members. */
	#indent(): number {
		for (const match of this.text.matchAll(/^([ -]*)[\w.]+:[ \t]*(?:#.*)?\r?\n( *)[\w.]+:/gm)) {
			const step = (match[2]?.length ?? 0) - (match[1]?.length ?? 0);
			if (step >= 2 && step <= 8) return step;
		}
		return 2;
	}

	#put(from: number, to: number, text: string): void {
		this.#splices.set(`${from}-${to}`, { from, to, text });
	}

	#lineStart(offset: number): number {
		return this.text.lastIndexOf("\n", offset - 1) + 1;
	}

	/** Where the last line of something ends; the next line's start if its end was taken. */
	#lineEnd(offset: number): number {
		if (offset > 0 && this.text[offset - 1] === "\n") return offset;
		const end = this.text.indexOf("\n", offset);
		if (end < 0) return this.text.length;
		return this.text[end - 1] === "\r" ? end - 1 : end;
	}

	#column(offset: number): number {
		return offset - this.#lineStart(offset);
	}

	/** The margin of what begins a line; undefined for what does not. */
	#marginIfFirst(offset: number): string | undefined {
		const margin = this.text.slice(this.#lineStart(offset), offset);
		return /^[ \t]*$/.test(margin) ? margin : undefined;
	}
}

function startOf(item: unknown): number {
	const node = isNode(item) ? item : (item as Pair | undefined)?.key;
	return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}

/** Behind the last character of an item, without comments and empty lines after it. */
function endOf(item: unknown): number {
	if (!isNode(item)) {
		const { key, value } = item as Pair;
		return isNode(value) && value.range && value.range[1] > 0 ? endOf(value) : endOf(key);
	}
	if (isCollection(item) && item.flow !== true && item.items.length > 0) return endOf(item.items.at(-1));
	return item.range?.[1] ?? 0;
}
