// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { tail } from "./log-tail.js";

const numbered = (count: number, from = 1) => Array.from({ length: count }, (_, i) => `line ${from + i}`);

it("keeps the last 40 lines", () => {
	expect(tail(`${numbered(3).join("\n")}\n`)).toBe("line 1\nline 2\nline 3");
	expect(tail(numbered(100).join("\n")).split("\n")).toEqual(numbered(40, 61));
});

it("keeps the verifier's own words before a long diagnosis", () => {
	const log = [...numbered(100), "R1 !read_ok", "Verification failed: A: B", ...numbered(90)].join("\n");
	const kept = tail(log).split("\n");
	expect(kept).toHaveLength(60);
	expect(kept.slice(18, 22)).toEqual(["line 100", "R1 !read_ok", "Verification failed: A: B", "line 1"]);
});
