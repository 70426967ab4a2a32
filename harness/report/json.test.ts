// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Results } from "../base/results.js";
import { json } from "./json.js";

const sample: Results = JSON.parse(
	readFileSync(new URL("../../reports/sample/results.json", import.meta.url), "utf8"),
);

describe("json", () => {
	it("does not depend on the order in which keys were set", () => {
		expect(json(backwards(sample))).toBe(json(sample));
	});

	it("keeps fields that this version does not know", () => {
		const more = { ...sample, later: { b: 1, a: [{ d: 1, c: 2 }] } };
		expect(JSON.parse(json(more))).toEqual(more);
		expect(json(more)).toMatch(/"later": \{\s+"a": \[\s+\{\s+"c": 2,\s+"d": 1/);
	});
});

function backwards<T>(value: T): T {
	if (Array.isArray(value)) return value.map(backwards) as T;
	if (typeof value !== "object" || value === null) return value;
	const entries = Object.entries(value).reverse();
	return Object.fromEntries(entries.map(([name, item]) => [name, backwards(item)])) as T;
}
