// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CaseResult, Results } from "../base/results.js";
import { documentOf } from "../base/testresults.js";
import { html } from "./html.js";
import { markdown } from "./markdown.js";
import { pictureOf, sharedPictures } from "./pictures.js";
import { pretty } from "./pretty.js";

const sample: Results = JSON.parse(
	readFileSync(new URL("../../reports/sample/results.json", import.meta.url), "utf8"),
);
const [passed, failed] = sample.results.filter(({ check }) => check === "chain") as [CaseResult, CaseResult];
const svg = String(failed.evidence.svg);
const medium = { width: 80, colour: false, unicode: true };

function withEvidence(result: CaseResult, evidence: Record<string, unknown>): CaseResult {
	return { ...result, evidence: { ...result.evidence, ...evidence } };
}

describe("a picture in text", () => {
	it("stands below the reason of a chain that failed", () => {
		const text = pretty(documentOf([failed]), medium);
		const lines = [
			"    the chain on 7.3:",
			"    edge: xdp by dispatcher, a UDP packet over IPv4",
			"      declared                  configured                executed",
			"      1 port_filter           ! 1 meter                 ! 1 meter XDP_PASS",
		];
		expect(text).toContain(lines.join("\n"));
		expect(markdown(documentOf([failed]))).toContain(
			lines
				.slice(1)
				.map((line) => line.slice(4))
				.join("\n"),
		);
	});

	it("is not shown of one that passed, nor where there is none", () => {
		const { picture: _, svg: __, ...evidence } = failed.evidence;
		for (const result of [passed, { ...failed, evidence }, withEvidence(failed, { picture: ["x", 7] })])
			for (const text of [pretty(documentOf([result]), medium), markdown(documentOf([result]))])
				expect(text).not.toMatch(/the chain on|1 port_filter/);
	});

	it("is shown of the first few failures", () => {
		const cases = ["a", "b", "c", "d", "e"].map((name) => ({
			...failed,
			case: name,
			reason: { ...failed.reason!, message: name },
		}));
		expect(pretty(documentOf(cases), medium).match(/the chain on/g)).toHaveLength(3);
		expect(markdown(documentOf(cases)).match(/```text/g)).toHaveLength(3);
	});

	it("cannot act on the terminal or end its fence", () => {
		const result = withEvidence(failed, { picture: ["\u001b[2J", "```", "# x"] });
		expect(pictureOf(result)).toEqual(["\\u{1b}[2J", "```", "# x"]);
		expect(markdown(documentOf([result]))).toContain("````text\n\\u{1b}[2J\n```\n# x\n````");
	});
});

describe("a picture in a page", () => {
	it("is the image, of chains that passed too, and once for the kernels that share it", () => {
		const page = html(documentOf([passed, { ...passed, kernel: "6.18" }, failed]));
		expect(page.match(/<svg /g)).toHaveLength(2);
		expect(page).toContain("✓ <code>chain/edge/executed</code> on 6.12 and 6.18</figcaption>");
		expect(page).toContain("✗ <code>chain/edge/executed</code> on 7.3</figcaption>");
		expect(page).not.toContain("1 port_filter             1 port_filter");
		expect(page).not.toContain("&quot;picture&quot;");
		expect(page).not.toContain("xmlns");
	});

	it("is text where there is no image, with nothing in it that is markup", () => {
		const { svg: _, ...evidence } = failed.evidence;
		const hostile = { ...evidence, picture: ["<b>1</b> a"] };
		const page = html(documentOf([{ ...failed, evidence: hostile }]));
		expect(page).toContain('<pre class="diff">&lt;b&gt;1&lt;/b&gt; a</pre></div>');
		expect(page).not.toContain("<svg");
	});

	it("is not there where evidence has none", () => {
		const page = html(documentOf([{ ...failed, evidence: { picture: [], svg } }]));
		expect(page).not.toMatch(/<figure|<svg/);
	});

	it.each<[string, (image: string) => string]>([
		["a script", (image) => image.replace("<title>", "<script>alert(1)</script><title>")],
		[
			"a script in a line of its own",
			(image) => image.replace("\t<title>", "\t<script>x</script>\n\t<title>"),
		],
		["a handler", (image) => image.replace("<rect ", '<rect onload="x" ')],
		["a style", (image) => image.replace("<rect ", '<rect style="x" ')],
		["something from elsewhere", (image) => image.replace('fill="#ffffff"', 'fill="url(//x)"')],
		["an element of others", (image) => image.replace("\t<line ", "\t<image ")],
		["a link", (image) => image.replace("\t<title>", '\t<a href="x">\n\t<title>')],
		["markup in a name", (image) => image.replace("2 meter", "2 <b>meter</b>")],
		["an entity of its own", (image) => image.replace("2 meter", "2 &x;")],
		["a control character", (image) => image.replace("2 meter", "2 \u001b[2J")],
		["another head", (image) => image.replace("<svg ", '<svg onload="x" ')],
		["more behind it", (image) => `${image}<b>`],
		["no end", (image) => image.replace("</svg>", "")],
		["too much", (image) => image.replace("2 meter", "x".repeat(300_000))],
	])("is text instead of an image with %s", (_, change) => {
		const changed = change(svg);
		expect(changed).not.toBe(svg);
		const page = html(documentOf([withEvidence(failed, { svg: changed })]));
		const [figure] = /<figure>.*<\/figure>/s.exec(page)!;
		expect(figure).not.toMatch(/<svg|<script|<b>|<a |<image|onload/);
		expect(page).not.toMatch(/<svg|<script/);
		expect(figure).toContain('<pre class="diff">edge: xdp by dispatcher');
	});
});

it("pictures are shared by what they show, case and outcome", () => {
	const other = withEvidence(passed, { svg });
	const results = [passed, failed, other, { ...passed, case: "b/executed" }, { ...passed, kernel: "7.3" }];
	expect(sharedPictures(results).map((shared) => shared.results)).toEqual([
		[passed, results[4]],
		[failed],
		[other],
		[results[3]],
	]);
});
