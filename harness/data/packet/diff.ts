// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import { toHex } from "./bytes.js";
import { type LinkType, type LocatedLayer, locate } from "./dissect.js";

/** One thing in which two packets differ. */
export interface Difference {
	/** Index of the layer in the actual packet, or in the expected one when the other lacks it. */
	layer: number;
	/** Kind of the layer: `ipv4`. */
	kind: string;
	/** The field with its path: `ttl`, `options/0/mss`; empty for a whole layer. */
	field: string;
	/** Undefined when the field or the layer should not be there. */
	expected: unknown;
	/** Undefined when it is not there. */
	actual: unknown;
	/** Bytes from the packet's start to the field, or to the payload's first different byte. */
	offset: number;
}

export interface DiffOptions {
	linkType?: LinkType;
	/** Only bits that are 1 here are compared; bytes behind its end are compared whole. */
	mask?: Uint8Array;
}

/** Most bytes of a payload in one difference, before and behind the first that differs. */
const before = 4;
const behind = 16;

/** True when the packets have the same length, and the same bits where the mask has a 1. */
export function maskedEqual(
	expected: Uint8Array,
	actual: Uint8Array,
	mask: Uint8Array = new Uint8Array(),
): boolean {
	return (
		expected.length === actual.length &&
		expected.every((byte, index) => ((byte ^ actual[index]!) & (mask[index] ?? 0xff)) === 0)
	);
}

/** Where two packets differ, layer by layer and field by field; empty when `maskedEqual`. */
export function diffPackets(
	expected: Uint8Array,
	actual: Uint8Array,
	{ linkType = "ethernet", mask }: DiffOptions = {},
): Difference[] {
	if (maskedEqual(expected, actual, mask)) return [];
	const compared = mask ? underMask(expected, actual, mask) : actual;
	const wanted = locate(expected, linkType);
	const found = locate(compared, linkType);
	const differences: Difference[] = [];
	for (const [left, right] of aligned(wanted, found)) {
		if (left && right)
			differences.push(...layerDifferences(left, right, found.indexOf(right), expected, compared));
		else if (left) differences.push(wholeLayer(left, wanted.indexOf(left), expected, "expected"));
		else if (right) differences.push(wholeLayer(right, found.indexOf(right), compared, "actual"));
	}
	return differences;
}

/** The packet as a mask wants it: expected, but the actual bits where the mask has a 0. */
export function withMask(expected: Uint8Array, actual: Uint8Array, mask: Uint8Array): Uint8Array {
	return expected.map((byte, index) => {
		const bits = mask[index] ?? 0xff;
		return (byte & bits) | ((actual[index] ?? byte) & ~bits);
	});
}

/** `actual` with the expected bits where the mask has a 0. */
function underMask(expected: Uint8Array, actual: Uint8Array, mask: Uint8Array): Uint8Array {
	return actual.map((byte, index) => {
		const bits = mask[index] ?? 0xff;
		return (byte & bits) | ((expected[index] ?? byte) & ~bits);
	});
}

/** Pairs of layers of one kind, as many as the order allows, and the others between them. */
export function aligned(
	left: readonly LocatedLayer[],
	right: readonly LocatedLayer[],
): [LocatedLayer | undefined, LocatedLayer | undefined][] {
	const common: number[][] = Array.from({ length: left.length + 1 }, () =>
		new Array<number>(right.length + 1).fill(0),
	);
	for (let i = left.length - 1; i >= 0; i--)
		for (let j = right.length - 1; j >= 0; j--)
			common[i]![j] =
				left[i]!.name === right[j]!.name
					? common[i + 1]![j + 1]! + 1
					: Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
	const pairs: [LocatedLayer | undefined, LocatedLayer | undefined][] = [];
	let [i, j] = [0, 0];
	while (i < left.length || j < right.length) {
		const [a, b] = [left[i], right[j]];
		if (a && b && a.name === b.name) {
			pairs.push([a, b]);
			i++;
			j++;
		} else if (a && (!b || common[i + 1]![j]! >= common[i]![j + 1]!)) {
			pairs.push([a, undefined]);
			i++;
		} else {
			pairs.push([undefined, b]);
			j++;
		}
	}
	return pairs;
}

function wholeLayer(
	layer: LocatedLayer,
	index: number,
	packet: Uint8Array,
	side: "expected" | "actual",
): Difference {
	const header = toHex(packet.subarray(layer.offset, layer.offset + Math.min(layer.header, behind)));
	return {
		layer: index,
		kind: layer.name,
		field: "",
		expected: undefined,
		actual: undefined,
		[side]: header,
		offset: layer.offset,
	};
}

function layerDifferences(
	left: LocatedLayer,
	right: LocatedLayer,
	index: number,
	expected: Uint8Array,
	actual: Uint8Array,
): Difference[] {
	const names = new Set([...Object.keys(left.fields), ...Object.keys(right.fields)]);
	return [...names].flatMap((name): Difference[] => {
		const [a, b] = [left.fields[name], right.fields[name]];
		if (isDeepStrictEqual(a?.value, b?.value)) return [];
		const base = { layer: index, kind: right.name, field: name };
		const bytesOf = (packet: Uint8Array, field: typeof a) =>
			field ? packet.subarray(field.bit / 8, (field.bit + field.bits) / 8) : new Uint8Array();
		if (name === "payload" || name === "trailer") {
			const [from, to] = [bytesOf(expected, a), bytesOf(actual, b)];
			const at = from.findIndex((byte, position) => byte !== to[position]);
			const first = at < 0 ? from.length : at;
			const start = b ? b.bit / 8 : right.end;
			return [{ ...base, expected: excerpt(from, first), actual: excerpt(to, first), offset: start + first }];
		}
		const offset = Math.floor((b?.bit ?? right.offset * 8) / 8);
		return valueDifferences(a?.value, b?.value, name).map(([field, expected, actual]) => ({
			...base,
			field,
			expected,
			actual,
			offset,
		}));
	});
}

/** The bytes around the first that differs: `…0a0b0c0d 0e0f… (64 bytes)`. */
function excerpt(bytes: Uint8Array, first: number): string {
	const start = Math.max(0, first - before);
	const end = Math.min(bytes.length, first + behind);
	const shown = `${toHex(bytes.subarray(start, first))} ${toHex(bytes.subarray(first, end))}`.trim();
	return `${start > 0 ? "…" : ""}${shown}${end < bytes.length ? "…" : ""} (${bytes.length} bytes)`;
}

/** Paths at which two values differ. */
function valueDifferences(expected: unknown, actual: unknown, path: string): [string, unknown, unknown][] {
	if (isDeepStrictEqual(expected, actual)) return [];
	const nested = (value: unknown): value is object => typeof value === "object" && value !== null;
	const isWords = (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === "string");
	if (!nested(expected) || !nested(actual) || (isWords(expected) && isWords(actual)))
		return [[path, expected, actual]];
	const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
	const part = (value: object, key: string): unknown =>
		Object.entries(value).find(([name]) => name === key)?.[1];
	return [...keys].flatMap((key) =>
		valueDifferences(part(expected, key), part(actual, key), `${path}/${key}`),
	);
}
