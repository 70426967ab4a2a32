// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { printableJson } from "../base/printable.js";
import { Results } from "../base/results.js";

/** The results document. Keys have the order of the schema; those of `evidence` are sorted. */
export function json(results: Results): string {
	return `${printableJson(ordered(results, Results), 2)}\n`;
}

/** The same value with keys in the order of the schema; other keys follow, sorted. */
function ordered(value: unknown, schema: TSchema | undefined): unknown {
	if (Array.isArray(value)) return value.map((item) => ordered(item, schema?.items));
	if (typeof value !== "object" || value === null) return value;
	const properties: Record<string, TSchema> = schema?.properties ?? {};
	const named = Object.keys(properties).filter((name) => name in value);
	const others = Object.keys(value)
		.filter((name) => !Object.hasOwn(properties, name))
		.sort();
	const source = value as Record<string, unknown>;
	return Object.fromEntries(
		[...named, ...others].map((name) => [name, ordered(source[name], properties[name])]),
	);
}

/** The JSON Schema (draft 7) of results documents. @param checks names that they can have */
export function resultsSchema(checks: readonly string[]): string {
	const { results } = Results.properties;
	const check = { ...results.items.properties.check, pattern: undefined, enum: checks };
	const items = { ...results.items, properties: { ...results.items.properties, check } };
	const schema = {
		$schema: "http://json-schema.org/draft-07/schema#",
		title: "bpfgate results document",
		...Results,
		properties: { ...Results.properties, results: { ...results, items } },
	};
	return `${JSON.stringify(schema, null, 2)}\n`;
}
