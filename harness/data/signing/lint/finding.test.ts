// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { clause, lintCodes } from "./finding.js";

it("has each code in the documentation's table, in the same order", () => {
	const text = readFileSync(new URL("../../../../docs/signature-lint.md", import.meta.url), "utf8");
	const listed = [...text.matchAll(/^\| `([a-z-]+)` +\| (?:error|warning)/gm)].map(([, code]) => code);
	expect(listed).toEqual([...lintCodes]);
});

it("is said behind a colon", () => {
	const finding = { code: "host-input", severity: "error", sentence: "The loader reads.", hint: "" } as const;
	expect(clause(finding)).toBe("the loader reads");
});
