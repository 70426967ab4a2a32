// SPDX-License-Identifier: Apache-2.0
import { equalBytes } from "./bytes.js";
import { aligned } from "./diff.js";
import { type LinkType, type LocatedLayer, locate } from "./dissect.js";
import type { Located } from "./layout.js";
import { wrongChecksums } from "./verify.js";

export type Status = "same" | "changed" | "missing" | "added";

/** One line of two packets: `missing` is only in the expected one, `added` only in the actual. */
export type Line =
	| { kind: "layer"; name: string; status: Status; expected?: string; actual?: string }
	/** `name` has the path inside the field: `options/0/mss`. */
	| { kind: "field"; name: string; status: Status; expected?: string; actual?: string }
	/** What no layer gives a meaning to: payload or trailer. */
	| { kind: "content"; name: string; expected: Uint8Array; actual: Uint8Array }
	/** Fields that are the same, left out. */
	| { kind: "gap" };

/** Fields shown before and behind one that differs. */
const around = 1;
/** Longest value shown, in characters. */
const maxValue = 160;

/** Two packets layer by layer, with the fields that differ; empty when they are the same. */
export function beside(expected: Uint8Array, actual: Uint8Array, linkType: LinkType = "ethernet"): Line[] {
	if (equalBytes(expected, actual)) return [];
	const [left, right] = [sideOf(expected, linkType), sideOf(actual, linkType)];
	return aligned(left.layers, right.layers).flatMap(([a, b]) => linesOf(a, left, b, right));
}

interface Side {
	packet: Uint8Array;
	layers: LocatedLayer[];
	checksums: Map<number, string>;
}

function sideOf(packet: Uint8Array, linkType: LinkType): Side {
	const layers = locate(packet, linkType);
	return { packet, layers, checksums: wrongChecksums(layers, packet) };
}

/** Fields and parts of fields of a layer, in the order of the wire; content apart. */
interface Values {
	fields: Map<string, string>;
	contents: Map<string, Uint8Array>;
	header: string;
}

const nothing: Values = { fields: new Map(), contents: new Map(), header: "" };

function linesOf(a: LocatedLayer | undefined, left: Side, b: LocatedLayer | undefined, right: Side): Line[] {
	const [was, is] = [a ? valuesOf(a, left) : nothing, b ? valuesOf(b, right) : nothing];
	const fields = merged([...was.fields.keys()], [...is.fields.keys()]).map((name): FieldLine => {
		const [one, other] = [was.fields.get(name), is.fields.get(name)];
		return { kind: "field", name, status: statusOf(one, other), ...sides(one, other) };
	});
	const contents = merged([...was.contents.keys()], [...is.contents.keys()]).flatMap((name): Line[] => {
		const [one, other] = [was.contents.get(name) ?? none, is.contents.get(name) ?? none];
		return equalBytes(one, other) ? [] : [{ kind: "content", name, expected: one, actual: other }];
	});
	const name = (b ?? a)?.name ?? "";
	const same = a && b && contents.length === 0 && fields.every(({ status }) => status === "same");
	const status = !a ? "added" : !b ? "missing" : same ? "same" : "changed";
	const head: Line = {
		kind: "layer",
		name,
		status,
		...sides(a ? was.header : undefined, b ? is.header : undefined),
	};
	return [head, ...(same ? [] : withNeighbours(fields)), ...contents];
}

type FieldLine = Extract<Line, { kind: "field" }>;
const none = new Uint8Array();

function sides(
	expected: string | undefined,
	actual: string | undefined,
): { expected?: string; actual?: string } {
	const [from, to] = excerpts(expected, actual);
	return { ...(from === undefined ? {} : { expected: from }), ...(to === undefined ? {} : { actual: to }) };
}

function statusOf(expected: string | undefined, actual: string | undefined): Status {
	if (expected === undefined) return "added";
	if (actual === undefined) return "missing";
	return expected === actual ? "same" : "changed";
}

/** Long values from shortly before the first character that differs. */
function excerpts(one: string | undefined, other: string | undefined): (string | undefined)[] {
	if (Math.max(one?.length ?? 0, other?.length ?? 0) <= maxValue) return [one, other];
	const [from, to] = [one ?? "", other ?? ""];
	let at = 0;
	while (at < from.length && from[at] === to[at]) at++;
	const start = one === undefined || other === undefined ? 0 : Math.max(0, at - 16);
	return [one, other].map((text) => {
		if (text === undefined) return undefined;
		const cut = text.slice(start, start + maxValue);
		return `${start > 0 ? "…" : ""}${cut}${start + maxValue < text.length ? "…" : ""}`;
	});
}

/** The names of both lists, each in its order. */
function merged(left: readonly string[], right: readonly string[]): string[] {
	const names: string[] = [];
	let at = 0;
	for (const name of right) {
		const there = left.indexOf(name);
		if (there >= at) {
			names.push(...left.slice(at, there).filter((each) => !right.includes(each)));
			at = there + 1;
		}
		names.push(name);
	}
	return [...names, ...left.slice(at).filter((each) => !right.includes(each))];
}

function withNeighbours(fields: readonly FieldLine[]): Line[] {
	const shown = fields.map((_, index) =>
		fields.slice(Math.max(0, index - around), index + around + 1).some(({ status }) => status !== "same"),
	);
	const lines: Line[] = [];
	for (const [index, field] of fields.entries())
		if (shown[index]) lines.push(field);
		else if (lines.at(-1)?.kind !== "gap") lines.push({ kind: "gap" });
	return lines;
}

function valuesOf(layer: LocatedLayer, { layers, packet, checksums }: Side): Values {
	const fields = new Map<string, string>();
	const contents = new Map<string, Uint8Array>();
	for (const [name, located] of Object.entries(layer.fields)) {
		if (name === "payload" || name === "trailer")
			contents.set(name, packet.subarray(located.bit / 8, (located.bit + located.bits) / 8));
		else for (const [path, text] of leavesOf(located.value, name)) fields.set(path, text);
	}
	const should = checksums.get(layers.indexOf(layer));
	if (should !== undefined) fields.set("check", `${fields.get("check")} wrong, should be ${should}`);
	return { fields, contents, header: headerOf(layer) };
}

/** Parts of a value by path; a list of words is one part. */
function* leavesOf(value: unknown, path: string): Iterable<[string, string]> {
	if (Array.isArray(value) && value.every((each) => typeof each === "string"))
		yield [path, value.length > 0 ? value.join(",") : "none"];
	else if (typeof value === "object" && value !== null)
		for (const [key, part] of Object.entries(value)) yield* leavesOf(part, `${path}/${key}`);
	else yield [path, String(value)];
}

/** By what a layer is told from others of its kind. */
function headerOf({ name, offset, end, fields }: LocatedLayer): string {
	const text = (field: Located | undefined) => String(field?.value);
	const { src, dst, sport, dport, vni, type, id, proto } = fields;
	if (name === "payload") return `${end - offset} ${end - offset === 1 ? "byte" : "bytes"}`;
	if (sport && dport) return `${text(sport)} > ${text(dport)}`;
	if (src && dst) return `${text(src)} > ${text(dst)}`;
	const [key, field] = Object.entries({ vni, type, id, proto }).find(([, each]) => each) ?? [];
	return field ? `${key} ${text(field)}` : "";
}
