// SPDX-License-Identifier: Apache-2.0

import { Type } from "@sinclair/typebox";
import { printable } from "../base/printable.js";
import type { CaseResult } from "../base/results.js";
import { validator } from "../base/validate.js";
import { groupBy, key } from "./cells.js";

/** Evidence `picture` and `svg` of a chain: declared, listed by the kernel, and executed. */
const PictureEvidence = Type.Object({
	picture: Type.Array(Type.String({ maxLength: 1000 }), {
		minItems: 1,
		maxItems: 1000,
		description: "lines of text",
	}),
	svg: Type.Optional(Type.String({ maxLength: 1 << 18, description: "the same picture as SVG" })),
});

/** Failures whose pictures a text shows. */
export const maxPictures = 3;

const evidence = validator(PictureEvidence);

/** The picture of a chain, line by line; undefined when the result has none. */
export function pictureOf({ evidence: { picture } }: CaseResult): string[] | undefined {
	if (!evidence.accepts({ picture })) return undefined;
	return (picture as string[]).map(printable);
}

/** Whether a text shows the picture: of what passed the orders are as declared. */
export function picturesDiffer(result: CaseResult): boolean {
	return result.outcome === "fail" && pictureOf(result) !== undefined;
}

/** Results that have one and the same picture. */
export interface SharedPicture {
	results: CaseResult[];
	lines: string[];
	/** To be put into a page as it is; undefined for one that bpfgate has not drawn. */
	svg?: string;
}

/** Each picture once, in the order in which the results first have them. */
export function sharedPictures(results: readonly CaseResult[]): SharedPicture[] {
	const pictured = results.flatMap((result) => {
		const lines = pictureOf(result);
		return lines ? [{ result, lines, svg: inlineSvg(result.evidence.svg) }] : [];
	});
	const groups = groupBy(pictured, ({ result, lines, svg = "" }) =>
		key(result.case, result.outcome, svg, ...lines),
	);
	return [...groups.values()].map((group) => {
		const { lines, svg } = group[0]!;
		return { results: group.map(({ result }) => result), lines, ...(svg === undefined ? {} : { svg }) };
	});
}

const words = "(?:[ !#-%(-;=?-~]|&(?:amp|lt|gt|quot|#39);)*";
const attributes =
	'(?: (?:x|y|x1|y1|x2|y2|rx|width|height|fill|stroke|stroke-width|stroke-dasharray|font-size)="[#a-z0-9. ]*")*';
const lines = [
	new RegExp(`^\\t<(?:title|desc)>${words}</(?:title|desc)>$`),
	new RegExp(`^\\t<(?:rect|line)${attributes}/>$`),
	new RegExp(`^\\t<text${attributes}>${words}</text>$`),
];
const head =
	/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" (role="img" viewBox="0 0 \d{1,5} \d{1,5}" width="\d{1,5}" height="\d{1,5}" font-family="ui-monospace, monospace" font-size="12">)$/;

/**
 * The image for a page. Documents can come from anywhere: each line must be one that bpfgate
 * writes, and nothing but text and lines.
 */
function inlineSvg(svg: unknown): string | undefined {
	if (!evidence.accepts({ picture: [""], svg })) return undefined;
	const [first = "", ...others] = String(svg).split("\n");
	const start = head.exec(first);
	const end = others.splice(-2);
	if (!start || end.join("\n") !== "</svg>\n") return undefined;
	if (!others.every((line) => lines.some((known) => known.test(line)))) return undefined;
	return [`<svg ${start[1]}`, ...others, "</svg>"].join("\n");
}
