// SPDX-License-Identifier: Apache-2.0
import type { TSchema } from "@sinclair/typebox";
import { describe, expect, it } from "vitest";
import { type Argument, type Arguments, operationsOfAgent, tableOf } from "./agent/testsource.js";
import { operations } from "./operations.js";

const agent = operationsOfAgent();
const schemas = new Map<string, { args: TSchema; result: TSchema }>(Object.entries(operations));

/** The C code requires these only on one of its paths: for some hooks, or for some entries. */
const conditional = {
	attach: ["ifindex", "path", "pf", "hooknum"],
	attach_once: ["ifindex", "path", "pf", "hooknum"],
	map_write: ["entries.value", "entries.key", "entries.inner.value"],
	replay: ["cases.fills.entries.value", "cases.fills.entries.key", "cases.fills.entries.inner.value"],
	token_create: ["handle"],
} as const satisfies Partial<Record<keyof typeof operations, readonly string[]>>;

const unlimited = 0xffffffff;

/** What differs between the arguments of a schema and those that the C code reads. */
function differences(schema: TSchema, read: Arguments, exempt: readonly string[], path = ""): string[] {
	const keys = new Set([...Object.keys(schema.properties ?? {}), ...read.keys()]);
	return [...keys].flatMap((key) => {
		const name = `${path}${key}`;
		const property: TSchema | undefined = schema.properties?.[key];
		const argument = read.get(key);
		if (!argument) return [`${name}: not read by the C code`];
		if (!property) return [`${name}: not in the schema`];
		const required: boolean = schema.required?.includes(key) ?? false;
		const found = differencesOfOne(property, argument, exempt, name);
		if (required !== argument.required && !(argument.required && exempt.includes(name)))
			found.push(`${name}: ${required ? "required" : "optional"} in the schema only`);
		return found;
	});
}

function differencesOfOne(
	schema: TSchema,
	argument: Argument,
	exempt: readonly string[],
	name: string,
): string[] {
	const kind = schema.bytes ? "bytes" : schema.type === "object" ? "map" : schema.type;
	if (kind !== argument.kind) return [`${name}: ${kind} in the schema, ${argument.kind} in C`];
	const found: string[] = [];
	const limit = schema.maximum ?? schema.maxItems ?? schema.maxBytes;
	const maximum = kind !== "integer" && argument.maximum === unlimited ? undefined : argument.maximum;
	if (limit !== maximum) found.push(`${name}: at most ${limit} in the schema, ${maximum} in C`);
	// The schema may exclude 0: no handle, device or number of pages is 0.
	if (
		kind === "integer" &&
		schema.minimum !== argument.minimum &&
		!(schema.minimum === 1 && argument.minimum === 0)
	)
		found.push(`${name}: at least ${schema.minimum} in the schema, ${argument.minimum} in C`);
	if (argument.items) found.push(...differencesOfOne(schema.items, argument.items, exempt, `${name}[]`));
	const members: TSchema = kind === "array" ? schema.items : schema;
	if (members.properties) {
		if (members.additionalProperties !== false) found.push(`${name}: admits other properties`);
		found.push(...differences(members, argument.members, exempt, `${name}.`));
	}
	return found;
}

/** All property names in a schema, and the objects in it that admit others. */
function keysOf(schema: TSchema, keys = new Set<string>(), open: string[] = []) {
	for (const [key, property] of Object.entries<TSchema>(schema.properties ?? {})) {
		keys.add(key);
		keysOf(property, keys, open);
	}
	if (schema.type === "object" && schema.additionalProperties !== false)
		open.push(Object.keys(schema.properties).join());
	if (schema.items) keysOf(schema.items, keys, open);
	for (const branch of schema.anyOf ?? []) keysOf(branch, keys, open);
	return { keys, open };
}

describe("the operations of the agent", () => {
	it("have a schema each, except those between its own processes", () => {
		const offered = [...agent].filter(([, { scope }]) => scope !== "BETWEEN_PROCESSES").map(([name]) => name);
		expect([...schemas.keys()].sort()).toEqual(offered.sort());
	});

	it.each([...schemas])(
		"%s: the schema has exactly the arguments that the C code reads",
		(name, { args }) => {
			const { scope, arguments: read } = agent.get(name)!;
			const { netns, ...own } = args.properties;
			expect(netns !== undefined).toBe(scope === "IN_NETNS");
			expect(args.additionalProperties).toBe(false);
			const exempt = new Map<string, readonly string[]>(Object.entries(conditional)).get(name) ?? [];
			expect(differences({ ...args, properties: own }, read, exempt)).toEqual([]);
		},
	);

	it.each([...schemas])("%s: the schema has exactly the keys of the result", (name, { result }) => {
		const { keys, open } = keysOf(result);
		// Outcomes of operations in `during` come from other operations.
		for (const key of keys.has("tried") || keys.has("times_ns") ? ["ok", "err", "what", "log"] : [])
			keys.delete(key);
		expect([...keys].sort()).toEqual([...agent.get(name)!.resultKeys].sort());
		expect(open).toEqual([]);
	});

	it("accept the strings that stand in the tables of the C code", () => {
		const { attach, misbehave, socket_traffic: traffic, user_start: user } = operations;
		expect(attach.args.properties.hook.enum).toEqual(tableOf("hook.c", "hooks"));
		expect(misbehave.args.properties.how.enum).toEqual(tableOf("op_misbehave.c", "ways"));
		expect(traffic.args.properties.steps.items.properties.call.enum).toEqual(
			tableOf("socket_call.c", "calls"),
		);
		expect(user.args.properties.unshare.items.enum).toEqual(tableOf("identity.c", "identity_namespaces"));
	});
});

it("a difference is found in key, kind, limit and presence", () => {
	const schema = operations.file_read.args;
	const read: Arguments = new Map(agent.get("file_read")!.arguments);
	const argument: Argument = { kind: "string", required: true, members: new Map() };
	expect(differences(schema, new Map([...read, ["netns", argument]]), [])).toEqual([
		"netns: integer in the schema, string in C",
		"netns: optional in the schema only",
	]);
	read
		.set("max", { ...read.get("max")!, maximum: 7 })
		.set("other", argument)
		.delete("path");
	expect(differences(schema, read, [])).toEqual([
		"path: not read by the C code",
		`max: at most ${48 << 20} in the schema, 7 in C`,
		"netns: not read by the C code",
		"other: not in the schema",
	]);
});
