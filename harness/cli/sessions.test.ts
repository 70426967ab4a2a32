// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, it } from "vitest";
import {
	compile,
	matches,
	parseSession,
	replay,
	sessionNames,
	sessionTimeout,
} from "./terminal/testsession.js";

describe("at a terminal", () => {
	beforeAll(compile);

	it.each(sessionNames(false))("%s", replay, sessionTimeout);
});

describe("a session", () => {
	it("is commands with what they print and how they end", () => {
		expect(parseSession("# why\n$ one\na\n\nb\n\n# then\n$ two\nexit 3\n")).toEqual([
			{ line: 2, command: "one", output: ["a", "", "b"], status: 0 },
			{ line: 8, command: "two", output: [], status: 3 },
		]);
	});

	it("does not match what it does not show", () => {
		expect(matches(["a…c", "…", "d"], "abc\nx\ny\nd")).toBe(true);
		expect(matches(["a…c", "…", "d"], "ac\nd")).toBe(true);
		expect(matches(["a.c"], "abc")).toBe(false);
		expect(matches(["a"], "a\nb")).toBe(false);
		expect(matches([], "")).toBe(true);
		expect(matches([], "a")).toBe(false);
	});
});
