// SPDX-License-Identifier: Apache-2.0
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, it } from "vitest";
import { type ChainOrders, chainView } from "./chain-view.js";
import { chainPictureSvg } from "./picture-svg.js";

const orders: ChainOrders = {
	title: "front: tcx_ingress by tcx",
	declared: ["a", "b"],
	configured: ["b", "a"],
	expected: [
		{ member: "a", verdict: "TCX_NEXT" },
		{ member: "b", verdict: "TCX_PASS" },
	],
	executed: [{ member: "b", verdict: "TCX_PASS" }],
};
const svg = (change: Partial<ChainOrders> = {}) => chainPictureSvg(chainView({ ...orders, ...change }));

it("draws three columns, lines between the positions of a member, and differences marked in red", () => {
	const document = new XMLParser({ ignoreAttributes: false }).parse(svg()).svg;
	expect(document["@_role"]).toBe("img");
	expect(document.title).toBe("front: tcx_ingress by tcx");
	expect(document.desc).toContain("b: expected at position 2, found at 1. ");
	const words: string[] = document.text.map((text: { "#text": string }) => text["#text"]);
	expect(words).toEqual([
		"front: tcx_ingress by tcx",
		"declared",
		"configured",
		"executed",
		"1 a",
		"2 b",
		"! 1 b",
		"! 2 a",
		"1 b TCX_PASS",
		"! - a missing",
	]);
	const lines: Record<string, string>[] = document.line;
	expect(lines.map((line) => [line["@_x1"], line["@_y1"], line["@_x2"], line["@_y2"]])).toEqual([
		["216", "79", "276", "121"],
		["216", "121", "276", "79"],
		["476", "79", "536", "79"],
	]);
	expect(document.rect.filter((rect: object) => "@_stroke-dasharray" in rect)).toHaveLength(3);
});

it("says when all columns agree", () => {
	const same = svg({ configured: orders.declared, executed: orders.expected });
	expect(same).toContain("<desc>All three orders agree.</desc>");
	expect(same).not.toContain("stroke-dasharray");
});

it("is valid XML without references, whatever the names", () => {
	const names = [
		"<script>alert(1)</script>",
		"&amp;\"'",
		"\u0000\u001b[0m",
		"]]>",
		"x".repeat(300),
		"\ud800",
	];
	const hostile = svg({
		title: names.join(""),
		declared: names,
		configured: names.toReversed(),
		executed: names.map((member) => ({ member, verdict: member })),
	});
	expect(XMLValidator.validate(hostile)).toBe(true);
	expect(hostile).not.toMatch(/<script|href|url\(|[^\n\t\x20-\x7e]/);
	expect(hostile.match(/<text/g)).toHaveLength(4 + names.length * 3 + orders.expected.length);
});
