// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { unifiedDiff } from "./unified-diff.js";

it("has the format of diff -u", () => {
	expect(unifiedDiff("f", "a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", false)).toBe(
		"--- f\n+++ f\n@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E\n",
	);
	expect(unifiedDiff("f", "a", "b", false)).toContain("\\ No newline at end of file\n");
});

it("has colours if wanted, and escapes control characters of the file", () => {
	const shown = unifiedDiff("f", "a\n", "\u001b[31mb\tc\n", true);
	expect(shown).toContain("\u001b[32m+\\u{1b}[31mb\tc\u001b[39m\n");
	expect(shown).toContain("\u001b[31m-a\u001b[39m\n");
});
