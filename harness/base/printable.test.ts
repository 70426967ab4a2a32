// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { printable, printableJson, printableLines } from "./printable.js";

describe("printable", () => {
	it("keeps ordinary text of any script", () => {
		expect(printable("program/größe-大 🐝")).toBe("program/größe-大 🐝");
	});

	it("shows terminal escapes instead of obeying them", () => {
		expect(printable("\u001b[2Jgone\u009b1m")).toBe("\\u{1b}[2Jgone\\u{9b}1m");
	});

	it("shows characters that would change the direction of the text", () => {
		expect(printable("a\u202eb\u2066c")).toBe("a\\u{202e}b\\u{2066}c");
	});

	it("shows a lone surrogate", () => {
		expect(printable("a\ud800b")).toBe("a\\u{d800}b");
	});

	it("joins several lines into one", () => {
		expect(printable("first\n  second\r\nthird")).toBe("first second third");
		expect(printableLines("first\n\tsecond\u0007\n\n")).toEqual(["first", " second\\u{7}"]);
	});
});

it("JSON text escapes what a terminal would obey, and means the same", () => {
	const value = { "na\u202eme": ["\u009b1m", "line\n\ttab", "\u2028\u007f", "größe 🐝"] };
	const text = printableJson(value);
	expect(JSON.parse(text)).toEqual(value);
	expect(text).toContain('"na\\u202eme"');
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they must not get through
	expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
	expect(text).toContain("größe 🐝");
});
