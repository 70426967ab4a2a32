// SPDX-License-Identifier: Apache-2.0
import { Document, isCollection, isMap, isNode, isPair, isScalar, isSeq, type Node, visit } from "yaml";

/** Widest line that a collection may make when it is written in one. */
const maxWidth = 110;
/** What stands on lines of its own even where it would fit into one. */
const blocks = new Set(["expect", "each", "maps_after", "events"]);

/** A value in one line: `{ retval: XDP_DROP }`, without the line's end. */
export function yamlFlow(value: unknown): string {
	return written(nodeOf(value, true));
}

/** A mapping or a list of one thing, as lines without indentation. */
export function yamlBlock(value: unknown, indent: number, column: number): string[] {
	const node = nodeOf(value, false);
	fold(node, "", column, indent, true);
	return written(node, indent).split("\n");
}

/** Sets which collections are written in one line. */
function fold(node: Node, key: string, column: number, indent: number, top: boolean): void {
	if (!isCollection(node)) return;
	node.flow = true;
	const width = column + key.length + 2 + written(node).length;
	if (node.items.length === 0 || (!top && width <= maxWidth && !blocks.has(key))) return;
	node.flow = false;
	for (const item of node.items) {
		const [name, part] = isPair(item)
			? [isScalar(item.key) ? String(item.key.value) : "", item.value]
			: ["", item];
		if (!isNode(part)) continue;
		fold(part, name, top ? column : column + indent, indent, false);
		// `- eth: {}`, as lists of layers are mostly written.
		if (isSeq(node) && isMap(part) && part.items.length === 1) part.flow = false;
	}
}

function written(node: Node, indent = 2): string {
	const document = new Document(undefined, { schema: "core" });
	document.contents = node as typeof document.contents;
	return document
		.toString({ lineWidth: 0, indent, flowCollectionPadding: true, minContentWidth: 0 })
		.replace(/\n$/, "");
}

/** Keys that are numbers are written so: all keys are read as text. */
function nodeOf(value: unknown, flow: boolean): Node {
	const node = new Document(undefined, { schema: "core" }).createNode(value, {
		flow,
		aliasDuplicateObjects: false,
	});
	visit(node, {
		Pair(_, { key }) {
			if (isScalar(key) && typeof key.value === "string" && /^(0|[1-9]\d{0,14})$/.test(key.value))
				key.value = Number(key.value);
		},
	});
	return node;
}

/** A value as JSON, its further lines behind `margin`; in one line without `unit`. */
export function jsonValue(value: unknown, unit: string | undefined, margin: string): string {
	if (unit !== undefined) return JSON.stringify(value, null, unit).replaceAll("\n", `\n${margin}`);
	if (Array.isArray(value)) return `[${value.map((each) => jsonValue(each, undefined, "")).join(", ")}]`;
	if (typeof value !== "object" || value === null) return JSON.stringify(value);
	const members = Object.entries(value).map(
		([key, part]) => `${JSON.stringify(key)}: ${jsonValue(part, undefined, "")}`,
	);
	return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
