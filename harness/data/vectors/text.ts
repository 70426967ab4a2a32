// SPDX-License-Identifier: Apache-2.0
import {
	type Alias,
	type Document,
	isAlias,
	isCollection,
	isMap,
	isNode,
	isPair,
	isScalar,
	LineCounter,
	type Node,
	parseDocument,
	visit,
} from "yaml";
import { InputError } from "../../base/errors.js";

const maxBytes = 16 * 1024 * 1024;
const maxNesting = 64;
/** Nodes, repeated for each alias: a few anchors can grow without bound. */
const maxNodes = 500_000;

/** What a JSON or YAML file says, and on which line. */
export interface Text {
	value: unknown;
	/** Line of what a JSON pointer names, or of the nearest thing around it; the first is 1. */
	lineOf(pointer: string): number;
}

/**
 * Reads YAML 1.2 (core schema), or JSON for `.json`.
 * @throws InputError with `file:line`: no such text, a key twice, too deep, or in itself
 */
export function parseText(file: string, bytes: Uint8Array): Text {
	if (bytes.length > maxBytes)
		throw new InputError(file, "", `has ${bytes.length} bytes, more than the ${maxBytes} that are read`);
	const text = decoded(file, bytes);
	const lines = new LineCounter();
	const format = file.endsWith(".json") ? "JSON" : "YAML";
	const document = parseDocument(text, {
		lineCounter: lines,
		prettyErrors: false,
		stringKeys: true,
		// The parser compares each key with all before it: minutes for a map of 65,537.
		uniqueKeys: false,
		strict: true,
		logLevel: "error",
		schema: format === "JSON" ? "json" : "core",
	});
	const fail = (offset: number, reason: string) =>
		new InputError(`${file}:${lines.linePos(offset).line}`, "", reason);
	const [error] = document.errors;
	if (error) throw fail(error.pos[0], `is not ${format}: ${error.message.split("\n")[0]}`);
	if (format === "JSON") checkJson(text, fail);
	const root = document.contents;
	if (!isNode(root)) throw new InputError(file, "", "is empty");
	const twice = repeatedKey(document);
	if (twice) throw fail(twice.range?.[0] ?? 0, `is not ${format}: Map keys must be unique`);
	const targets = aliasTargets(document, fail);
	checkNodes(root, targets, fail);
	return {
		value: document.toJS({ maxAliasCount: -1 }),
		lineOf: (pointer) => lines.linePos(offsetOf(root, targets, pointer)).line,
	};
}

type Fail = (offset: number, reason: string) => InputError;

function decoded(file: string, bytes: Uint8Array): string {
	try {
		return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(file, "", "is not UTF-8 text", { cause });
	}
}

/** The YAML parser accepted the text, so the rest is YAML that JSON does not know. */
function checkJson(text: string, fail: Fail): void {
	try {
		JSON.parse(text);
	} catch (error) {
		const offset = /at position (\d+)/.exec(error instanceof Error ? error.message : "")?.[1];
		throw fail(offset === undefined ? text.length : Number(offset), "is not JSON, though it is YAML");
	}
}

/** The first key that its map has already. */
function repeatedKey(document: Document): Node | undefined {
	let found: Node | undefined;
	visit(document, {
		Map(_, { items }) {
			const keys = new Set<string>();
			for (const { key } of items) {
				if (!isScalar(key)) continue;
				if (keys.has(String(key.value))) {
					found = key;
					return visit.BREAK;
				}
				keys.add(String(key.value));
			}
			return undefined;
		},
	});
	return found;
}

type Targets = ReadonlyMap<Alias, Node>;

/** What each alias stands for: the last node before it that has its anchor. */
function aliasTargets(document: Document, fail: Fail): Targets {
	const anchors = new Map<string, Node>();
	const targets = new Map<Alias, Node>();
	visit(document, (_, node) => {
		if (isAlias(node)) {
			const target = anchors.get(node.source);
			if (!target)
				throw fail(
					node.range?.[0] ?? 0,
					`there is no anchor ${JSON.stringify(node.source)} before this alias`,
				);
			targets.set(node, target);
		} else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node);
	});
	return targets;
}

/** Walks what the aliases make of the document, before it is made. */
function checkNodes(root: Node, targets: Targets, fail: Fail): void {
	let left = maxNodes;
	const around = new Set<Node>();
	const check = (node: unknown, at: number) => {
		if (isPair(node)) {
			check(node.key, at);
			check(node.value, at);
			return;
		}
		if (!isNode(node)) return;
		const offset = node.range?.[0] ?? at;
		if (left-- <= 0) throw fail(offset, `its aliases make more than ${maxNodes} values`);
		if (isAlias(node)) {
			const target = targets.get(node);
			if (target && around.has(target))
				throw fail(offset, `the alias *${node.source} stands inside of what it names`);
			check(target, offset);
		} else if (isCollection(node)) {
			if (around.size >= maxNesting) throw fail(offset, `nests deeper than ${maxNesting} levels`);
			around.add(node);
			for (const item of node.items) check(item, offset);
			around.delete(node);
		}
	};
	check(root, 0);
}

/** Where the deepest node on the way to a pointer begins; for a map's member, its key. */
function offsetOf(root: Node, targets: Targets, pointer: string): number {
	let node: unknown = root;
	let offset = 0;
	for (const part of pointer.split("/").slice(1)) {
		const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
		if (isAlias(node)) node = targets.get(node);
		if (isMap(node)) {
			const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === key);
			if (!pair) return offset;
			if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
			node = pair.value;
		} else if (isCollection(node)) {
			node = node.items[Number(key)];
			if (!isNode(node)) return offset;
			offset = node.range?.[0] ?? offset;
		} else return offset;
	}
	return offset;
}
