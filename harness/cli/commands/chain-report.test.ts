// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import type { CaseResult, Results } from "../../base/results.js";
import { documentOf } from "../../base/testresults.js";
import { type ChainOrders, chainView } from "../../checks/chain/model/chain-view.js";
import { chainPicture } from "../../checks/chain/model/picture.js";
import { chainPictureSvg } from "../../checks/chain/model/picture-svg.js";
import { html } from "../../report/html.js";
import { pretty } from "../../report/pretty.js";

/** A results document of one chain that failed. */
function resultsOf(orders: ChainOrders): Results {
	const view = chainView(orders);
	const result: CaseResult = {
		...{ package: "p", kernel: "6.12", check: "chain", case: "c/executed", outcome: "fail", duration_ms: 1 },
		evidence: { picture: chainPicture(view, { width: 76 }), svg: chainPictureSvg(view) },
	};
	return documentOf([result]);
}

/**
 * What a report takes for a picture of bpfgate's is said in harness/report, which knows nothing of
 * chains: the two must agree.
 */
it.each<[string, string[]]>([
	["plain names", ["a", "b", "c"]],
	[
		"names that try to be markup",
		["<script>alert(1)</script>", "\"onload='x'&lt;", "]]>", "&#60;b>", "`~!@#$%^*()"],
	],
	["names that try to act on a terminal", ["\u001b[2J", "a\nb", "\u202e", "ä", "\ud800"]],
	[
		"as many members as there can be",
		Array.from({ length: 64 }, (_, index) => `${index}-${"x".repeat(128)}`),
	],
	["none", []],
])("a chain of %s is drawn in the report and shown in the text", (_, names) => {
	const executed = names.map((member) => ({ member, verdict: "XDP_PASS" })).toReversed();
	const results = resultsOf({
		title: names.join(" "),
		...{ declared: names, configured: [...names].reverse(), expected: [], executed },
	});
	const page = html(results);
	expect(page.match(/<svg /g)).toHaveLength(1);
	expect(page).not.toMatch(/<script|https?:/);
	expect(pretty(results, { width: 80, colour: false, unicode: true })).toContain("declared");
});
