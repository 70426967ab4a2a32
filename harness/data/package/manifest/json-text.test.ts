// SPDX-License-Identifier: Apache-2.0
import { expect, it } from "vitest";
import { duplicateKey } from "./json-text.js";

it.each([
	['{"a": 1, "a": 2}', "/a"],
	['{"a": 1, "\\u0061": 2}', "/a"],
	['{"x": [[], {"a": {}, "b": ["a", "a"], "a": 0}]}', "/x/1/a"],
	['[1, "a,{", {"k": {"": 1, "": 2}}]', "/2/k/"],
	['{"a/b~c": 1, "a/b~c": 2}', "/a~1b~0c"],
	['{"__proto__": 1, "__proto__": 2}', "/__proto__"],
	['{"\\"": 1, "\\\\": 2, "\\"": 3}', '/"'],
])("finds what %s has twice", (text, pointer) => {
	JSON.parse(text);
	expect(duplicateKey(text)).toBe(pointer);
});

it.each([
	'{"a": "a", "b": "a", "c": {"a": 1}, "d": [{"a": 1}, {"a": 1}]}',
	'["a", "a"]',
	'{"a": "{\\"b\\": 1, \\"b\\": 2}", "b": "\\\\"}',
	'"a"',
	"1",
	"{}",
])("finds nothing in %s", (text) => {
	JSON.parse(text);
	expect(duplicateKey(text)).toBeUndefined();
});

it("reads long texts in no more than their time", () => {
	const escapes = JSON.stringify({ a: "\n".repeat(500_000), b: "x".repeat(500_000) });
	expect(duplicateKey(escapes)).toBeUndefined();
	expect(duplicateKey(JSON.stringify(Array(200_000).fill({ a: 1 })))).toBeUndefined();
});
