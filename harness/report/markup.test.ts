// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { escapeMarkup } from "../base/printable.js";
import { escapeMarkdown, markdownCode } from "./markup.js";

describe("escaping", () => {
	it("leaves no markup in HTML and XML", () => {
		expect(escapeMarkup(`<a href='x' b="y">&`)).toBe("&lt;a href=&#39;x&#39; b=&quot;y&quot;&gt;&amp;");
	});

	it("leaves no markup in Markdown", () => {
		expect(escapeMarkdown("[a](b) *c* <d> `e` |")).toBe("\\[a\\]\\(b\\) \\*c\\* \\<d\\> \\`e\\` \\|");
		expect(["- a", "+ a", "1. a", "= a", "a - 1."].map(escapeMarkdown)).toEqual([
			"\\- a",
			"\\+ a",
			"1\\. a",
			"\\= a",
			"a - 1.",
		]);
	});

	it("fences code with more backticks than it holds", () => {
		expect(markdownCode("a")).toBe("`a`");
		expect(markdownCode("a``b")).toBe("```a``b```");
		expect(markdownCode("`a")).toBe("`` `a ``");
	});
});
