// SPDX-License-Identifier: Apache-2.0
import { Type } from "@sinclair/typebox";
import { describe, expect, it } from "vitest";
import { Bytes, validator } from "./validate.js";

const Entries = Type.Union([Type.Integer({ minimum: 1 }), Type.Literal("cpus")]);
const Sample = Type.Object(
	{
		name: Type.String({ pattern: "^[a-z]+$", description: "small letters" }),
		line: Type.Optional(Type.String({ pattern: "^\\d+$" })),
		entries: Type.Optional(Entries),
		colour: Type.Optional(Type.Union([Type.Literal("red"), Type.Literal("green")])),
		list: Type.Optional(
			Type.Array(Type.Union([Type.String({ minLength: 1 }), Type.Object({ file: Type.String() })]), {
				minItems: 1,
			}),
		),
		data: Type.Optional(Bytes()),
		either: Type.Optional(Type.Unsafe<string | null>({ type: ["string", "null"] })),
	},
	{ additionalProperties: false },
);
const sample = validator(Sample);

describe("a validator", () => {
	it("accepts a value that conforms", () => {
		const value: unknown = {
			name: "a",
			entries: "cpus",
			list: ["x", { file: "y" }],
			data: new Uint8Array(1),
		};
		expect(sample.violation(value)).toBeUndefined();
		expect(sample.accepts(value)).toBe(true);
		expect(sample.accepts({})).toBe(false);
	});

	it.each([
		[[], "/", "must be an object"],
		[null, "/", "must be an object"],
		[{}, "/", 'key "name" is missing'],
		[{ name: "a", size: 1 }, "/", 'unknown key "size"'],
		[{ name: 1 }, "/name", "must be a string"],
		[{ name: "A" }, "/name", "must match ^[a-z]+$ (small letters)"],
		[{ name: "a", line: "x" }, "/line", "must match ^\\d+$"],
		[{ name: "a", entries: "cups" }, "/entries", 'must be an integer or "cpus"'],
		[{ name: "a", entries: 1.5 }, "/entries", 'must be an integer or "cpus"'],
		[{ name: "a", entries: 0 }, "/entries", 'must be >= 1 or "cpus"'],
		[{ name: "a", colour: "blue" }, "/colour", 'must be "red" or "green"'],
		[{ name: "a", list: {} }, "/list", "must be an array"],
		[{ name: "a", list: [] }, "/list", "must not be empty"],
		[{ name: "a", list: [1] }, "/list/0", "must be a string or an object"],
		[{ name: "a", list: ["x", {}] }, "/list/1", 'key "file" is missing'],
		[{ name: "a", list: [{ file: 7 }] }, "/list/0/file", "must be a string"],
		[{ name: "a", data: [1] }, "/data", "must be a byte string"],
		[{ name: "a", either: 1 }, "/either", "must be a string or null"],
	])("says of %j: %s %s", (value, pointer, reason) => {
		expect(sample.violation(value)).toEqual({ pointer, reason });
	});
});
