// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { mediumOf } from "./terminal.js";

describe("mediumOf", () => {
	it("colours a terminal, and nothing else", () => {
		expect(mediumOf({ isTTY: true }, {}).colour).toBe(true);
		expect(mediumOf({}, {}).colour).toBe(false);
		expect(mediumOf({ isTTY: true }, { NO_COLOR: "1" }).colour).toBe(false);
		expect(mediumOf({ isTTY: true }, { NO_COLOR: "" }).colour).toBe(true);
		expect(mediumOf({ isTTY: true }, { TERM: "dumb" }).colour).toBe(false);
	});

	it("draws with ASCII unless the locale is UTF-8", () => {
		expect(mediumOf({}, { LANG: "C.UTF-8" }).unicode).toBe(true);
		expect(mediumOf({}, { LANG: "de_DE.utf8", LC_ALL: "C" }).unicode).toBe(false);
		expect(mediumOf({}, {}).unicode).toBe(false);
	});

	it("has a width even where none is known or it is absurd", () => {
		expect(mediumOf({ columns: 132 }, {}).width).toBe(132);
		expect(mediumOf({ columns: 0 }, {}).width).toBe(100);
		expect(mediumOf({ columns: 3 }, {}).width).toBe(40);
	});
});
