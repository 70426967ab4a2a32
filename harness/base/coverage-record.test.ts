// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { linesIn, rangesOf } from "./coverage-record.js";

it.each([
	[[], ""],
	[[7], "7"],
	[[3, 1, 2, 2], "1-3"],
	[[15, 12, 13, 14, 17, 20, 21], "12-15,17,20-21"],
])("lines %j are %j", (lines, ranges) => {
	expect(rangesOf(lines)).toBe(ranges);
	expect(linesIn(ranges)).toEqual([...new Set(lines)].sort((a, b) => a - b));
});
