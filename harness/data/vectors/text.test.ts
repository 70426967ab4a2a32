// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from "vitest";
import { parseText } from "./text.js";

const parse = (text: string, file = "x.yaml") => parseText(file, Buffer.from(text));

describe("the text of a vector file", () => {
	it("is YAML", () => {
		const { value, lineOf } = parse("# first\na: 1\nb:\n  - x\n  - c: 0x10\n    0: off\n");
		expect(value).toEqual({ a: 1, b: ["x", { c: 16, "0": "off" }] });
		expect([
			lineOf(""),
			lineOf("/a"),
			lineOf("/b/0"),
			lineOf("/b/1/c"),
			lineOf("/b/1/c/none"),
			lineOf("/b/7"),
		]).toEqual([1, 2, 4, 5, 5, 3]);
	});

	it("is JSON", () => {
		const { value, lineOf } = parse('{\n"a/b": [\n{"c": 1}]}', "x.json");
		expect(value).toEqual({ "a/b": [{ c: 1 }] });
		expect(lineOf("/a~1b/0/c")).toBe(3);
	});

	it("follows aliases", () => {
		const { value, lineOf } = parse("a: &a\n  b: 1\nc: *a\n");
		expect(value).toEqual({ a: { b: 1 }, c: { b: 1 } });
		expect(lineOf("/c/b")).toBe(2);
	});

	it.each([
		["a: [", "x.yaml:1: is not YAML"],
		["a: 1\na: 2", 'x.yaml:2: the key "a" is there twice'],
		["a: {b: 1, c: 2,\n 'b': 3}", 'x.yaml:2: the key "b" is there twice'],
		["1: a\n'1': b", 'x.yaml:2: the key "1" is there twice'],
		["a: 1\n--- \nb: 2", "x.yaml:2: is not YAML: a second document begins"],
		["a: &a\n  - *a", "x.yaml:2: the alias *a stands inside of what it names"],
		["a: &a\n  b: &b\n    - *a\nc: *b", "x.yaml:3: the alias *a stands inside of what it names"],
		["a: 1\nb: !!binary QQ==", "x.yaml:2: the tag !!binary does not suit this value"],
		["a: !!int x", "x.yaml:1: the tag !!int does not suit this value"],
		["a: *a", 'x.yaml:1: there is no anchor "a" before this alias'],
		["", "x.yaml: is empty"],
		["{[a]: 1}", "x.yaml:1: is not YAML"],
		["[".repeat(65) + "]".repeat(65), "x.yaml:1: nests deeper than 64 levels"],
		["[".repeat(200_000), "x.yaml:1: nests deeper than 64 levels"],
		["- ".repeat(200_000), "x.yaml:1: nests deeper than 64 levels"],
	])("%j is refused", (text, message) => {
		expect(() => parse(text)).toThrow(message);
	});

	it.each([
		["{'a': 1}", "x.json:1: is not JSON"],
		['{"a": 1,\n}', "x.json:2: is not JSON"],
		['{"a": 1,\n"a": 2}', 'x.json:2: the key "a" is there twice'],
	])("%j is refused as JSON", (text, message) => {
		expect(() => parse(text, "x.json")).toThrow(message);
	});

	it("has maps of many keys, and finds the one that is there twice", () => {
		const keys = Array.from({ length: 65_537 }, (_, index) => `"${index}": ${index}`);
		const { value } = parse(`{${keys.join(",\n")}}`, "x.json");
		expect(Object.keys(value as object)).toHaveLength(65_537);
		expect(() => parse(`{${[...keys, '"4711": 1'].join(",\n")}}`, "x.json")).toThrow(
			'x.json:65538: the key "4711" is there twice',
		);
	});

	it("does not let a few aliases grow", () => {
		const levels = Array.from({ length: 12 }, (_, at) => {
			const items =
				at === 0
					? "1"
					: Array(10)
							.fill(`*a${at - 1}`)
							.join(", ");
			return `a${at}: &a${at} [${items}]`;
		});
		expect(() => parse(levels.join("\n"))).toThrow("its aliases make more than 1000000 values");
	});

	it("counts values, and blames aliases only where there are some", () => {
		const pairs = Array.from({ length: 600_000 }, (_, index) => `k${index}: 1`);
		expect(() => parse(pairs.join("\n"))).toThrow(": has more than 1000000 values");
	});

	it("takes nesting, anchors and a key __proto__ as they are", () => {
		expect(parse("[".repeat(64) + "]".repeat(64)).value).toBeInstanceOf(Array);
		const { value } = parse("a: &x !!str 1\nb: [*x, &x 2, *x]\n__proto__: {c: ~}\n0x10: 0o7");
		expect(JSON.stringify(value)).toBe('{"a":"1","b":["1",2,2],"__proto__":{"c":null},"0x10":7}');
	});

	it("has a map of 65,537 entries whose keys are structs, and a million values at most", () => {
		const entry = (at: number) => `- { key: { prefix: 32, address: [10, ${at}, 0, 1] }, value: ${at} }`;
		const entries = Array.from({ length: 65_537 }, (_, at) => entry(at)).join("\n");
		const { value, lineOf } = parse(entries);
		expect(value).toHaveLength(65_537);
		expect(lineOf("/65000/key/address/3")).toBe(65_001);
		const more = `[\n${"1,".repeat(1_000_000)}1]`;
		expect(() => parse(more)).toThrow("x.yaml:2: has more than 1000000 separators");
		expect(() => parse(`a: ${"x, ".repeat(1_000_001)}`)).toThrow("has more than 1000000 separators");
	});

	it("follows many aliases in one pass", () => {
		const { value, lineOf } = parse(`a: &a [1]\nb: [\n${" *a,\n".repeat(100_000)} ]`);
		expect((value as { b: unknown[] }).b).toHaveLength(100_000);
		expect(lineOf("/b/99999")).toBe(100_002);
	});

	it("refuses bytes that are not text, and too many", () => {
		expect(() => parseText("x.yaml", Uint8Array.of(0xff))).toThrow("x.yaml: is not UTF-8 text");
		expect(() => parseText("x.yaml", new Uint8Array(17 * 1024 * 1024))).toThrow("more than the 16777216");
	});
});
