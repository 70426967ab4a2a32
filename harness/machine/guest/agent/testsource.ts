// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Reads the arguments and results of operations from the agent's C sources, by following calls from
 * `op_<name>`: functions begin in the first column, getters (args.h) get their key as a literal.
 */

/** One argument as the C code reads it. */
export interface Argument {
	kind: "string" | "integer" | "boolean" | "bytes" | "array" | "map" | "unknown";
	/** Read by a getter that refuses its absence, and not only after `args_has`. */
	required: boolean;
	minimum?: number;
	maximum?: number;
	/** Of a map, or of the maps in an array. */
	members: Arguments;
	/** Of an array of anything else. */
	items?: Argument;
	askedFor?: boolean;
}
export type Arguments = Map<string, Argument>;

export interface Operation {
	scope: string;
	arguments: Arguments;
	resultKeys: Set<string>;
}

interface CFunction {
	file: string;
	name: string;
	parameters: string[];
	body: string;
	isStatic: boolean;
}

/** What a C variable holds: arguments of the request, or a constant string. */
type Value = Arguments | string;
type Scope = ReadonlyMap<string, Value>;

const folder = import.meta.dirname;
/** These pass requests and replies on, or frame them. */
const outside = new Set(["args.c", "reply.c", "request.c", "serve.c", "operation.c", "channel.c"]);

const sources = readdirSync(folder)
	.filter((file) => /\.[ch]$/.test(file))
	.map((file) => ({ file, text: withoutComments(readFileSync(join(folder, file), "utf8")) }));
const functions: CFunction[] = sources.flatMap(({ file, text }) => functionsOf(file, text));
const constants = new Map<string, string>(
	sources.flatMap(({ file, text }) =>
		[...text.matchAll(/^#define (\w+) (.+)$/gm)].map(
			([, name, value]) => [`${file} ${name}`, value!] as const,
		),
	),
);

/** All operations of operations.def. */
export function operationsOfAgent(): Map<string, Operation> {
	const list = readFileSync(join(folder, "operations.def"), "utf8");
	return new Map(
		[...list.matchAll(/^OPERATION\((\w+), (\w+)\)$/gm)].map(([, name, scope]) => {
			const entry = functions.find((each) => each.name === `op_${name}`);
			if (!entry) throw new Error(`operations.def: op_${name} is not defined in any source`);
			const found: Operation = { scope: scope!, arguments: new Map(), resultKeys: new Set() };
			follow(entry, new Map([[entry.parameters[0]!, found.arguments]]), found, []);
			return [name!, found];
		}),
	);
}

/** The strings of a table `static const ... <name>[] = { ... };` of a source. */
export function tableOf(file: string, name: string): string[] {
	const text = sources.find((source) => source.file === file)?.text ?? "";
	return [...initialiser(text, name).matchAll(/"(\w+)"/g)].map(([, word]) => word!);
}

function withoutComments(text: string): string {
	return text.replace(/\/\*[\s\S]*?\*\//g, "");
}

function functionsOf(file: string, text: string): CFunction[] {
	return [...text.matchAll(/^([a-z_][^;{}#=]*?)\b(\w+)\(([^{};]*)\)\s*\n\{\n([\s\S]*?)^\}/gm)].map(
		([, head, name, parameters, body]) => ({
			file,
			name: name!,
			parameters: split(parameters!).map((each) => /(\w+)(\[\w*\])?$/.exec(each)?.[1] ?? each),
			body: body!,
			isStatic: head!.startsWith("static"),
		}),
	);
}

function initialiser(text: string, name: string): string {
	return (
		new RegExp(`\\b${name}\\[\\w*\\] = \\{([\\s\\S]*?)^\\};|\\b${name}\\[\\w*\\] = \\{(.*)\\};`, "m")
			.exec(text)
			?.slice(1)
			.join("") ?? ""
	);
}

/** The arguments of a call: text split at the commas that are in no parentheses. */
function split(text: string): string[] {
	const parts = [""];
	let depth = 0;
	for (const character of text) {
		if ("({[".includes(character)) depth++;
		if (")}]".includes(character)) depth--;
		if (character === "," && depth === 0) parts.push("");
		else parts[parts.length - 1] += character;
	}
	return parts.map((part) => part.trim());
}

interface Call {
	/** The function's text before the call. */
	before: string;
	name: string;
	values: string[];
}

function callsOf(body: string): Call[] {
	return [...body.matchAll(/\b(\w+)\(/g)].map((match) => {
		let end = match.index + match[0].length;
		for (let depth = 1; depth > 0; end++) depth += body[end] === "(" ? 1 : body[end] === ")" ? -1 : 0;
		const values = split(body.slice(match.index + match[0].length, end - 1));
		return { before: body.slice(0, match.index), name: match[1]!, values };
	});
}

function follow(fn: CFunction, given: Scope, found: Operation, path: CFunction[]): void {
	if (path.includes(fn) || outside.has(fn.file) || fn.name === "user_forward") return;
	const scope = new Map(given);
	for (const call of callsOf(fn.body)) {
		const values = call.values.map((text) => meaning(text, scope));
		const key = values[1];
		if (call.name.startsWith("args_")) {
			if (!(values[0] instanceof Map) || typeof key !== "string") continue;
			const members = read(call.name, values[0], key, call.values.slice(2), fn.file);
			const variable = /(\w+)\s*=\s*$/.exec(call.before)?.[1];
			if (members && variable) scope.set(variable, members);
		} else if (/^reply_key(_(u?int|bool|string|bytes))?$/.test(call.name)) {
			if (typeof key === "string") found.resultKeys.add(key);
			for (const alternative of call.values[1]?.match(/"\w+"/g) ?? [])
				found.resultKeys.add(alternative.slice(1, -1));
		} else {
			for (const callee of calleesOf(call, fn)) {
				const bound = callee.parameters.flatMap((name, index) => {
					const value = values[index];
					return value === undefined ? [] : [[name, value] as const];
				});
				follow(callee, new Map(bound), found, [...path, fn]);
			}
		}
	}
}

/** The function, and those given to it or, for `hook->attach(...)`, in its file's tables. */
function calleesOf(call: Call, caller: CFunction): CFunction[] {
	const words = call.before.endsWith("->") ? tablesOf(caller.file) : [call.name, ...call.values];
	return words.map((word) => resolve(word, caller)).filter((each) => each !== undefined);
}

function tablesOf(file: string): string[] {
	const text = sources.find((source) => source.file === file)?.text ?? "";
	const names = [...text.matchAll(/\b(\w+)\[\w*\] = \{/g)].map(([, name]) => name!);
	return names.flatMap((name) => initialiser(text, name).match(/\b[a-z]\w+\b/g) ?? []);
}

function resolve(name: string, from: CFunction): CFunction | undefined {
	const named = functions.filter((each) => each.name === name);
	return named.find((each) => each.file === from.file) ?? named.find((each) => !each.isStatic);
}

function meaning(text: string, scope: Scope): Value | undefined {
	const literal = /^"(\w+)"$/.exec(text)?.[1];
	return literal ?? scope.get(text.replace(/^&/, ""));
}

/** Notes what a getter reads; returns the members of the map that it returns. */
function read(
	getter: string,
	args: Arguments,
	key: string,
	rest: string[],
	file: string,
): Arguments | undefined {
	const name = getter.replace(/^args_/, "");
	if (["complain", "valid"].includes(name)) return undefined;
	const before = args.get(key);
	const found: Argument = before ?? { kind: "unknown", required: false, members: new Map() };
	args.set(key, found);
	const [, base, suffix] = /^([a-z]+?)(_or|_or_none|_or_null|_at)?$/.exec(name) ?? [];
	const limits = (values: (string | undefined)[]) => values.map((value) => numberOf(value ?? "", file));
	if (name === "element") {
		found.kind = "array";
		return found.members;
	}
	if (suffix === "_at") {
		found.kind = "array";
		found.items = merged(found.items, scalar(base!, limits(rest.slice(1))));
		return undefined;
	}
	if (base === "has") {
		found.askedFor = true;
		found.required = false;
	}
	if (base === "has" || base === "get") return undefined;
	const { required } = found;
	Object.assign(found, merged(before, scalar(base!, limits(rest))), { required });
	found.required ||= suffix === undefined && !found.askedFor;
	return base === "map" ? found.members : undefined;
}

function scalar(
	base: string,
	[first, second]: (number | undefined)[],
): Pick<Argument, "kind" | "minimum" | "maximum"> {
	switch (base) {
		case "uint":
			return { kind: "integer", minimum: 0, ...(first === undefined ? {} : { maximum: first }) };
		case "int":
			return { kind: "integer", minimum: first ?? Number.NaN, maximum: second ?? Number.NaN };
		case "bytes":
			return { kind: "bytes", ...(first === undefined ? {} : { maximum: first }) };
		case "count":
			return { kind: "array", ...(first === undefined ? {} : { maximum: first }) };
		case "bool":
			return { kind: "boolean" };
		case "string":
		case "map":
			return { kind: base };
		default:
			throw new Error(`args_${base}: a getter that this test does not know`);
	}
}

/** Read in two places: the wider range. */
function merged(before: Argument | undefined, now: ReturnType<typeof scalar>): Argument {
	const kind = before && before.kind !== "unknown" ? before : undefined;
	const wider = (pick: "minimum" | "maximum", choose: (...values: number[]) => number) => {
		const values = [kind?.[pick], now[pick]].filter((value) => value !== undefined);
		return values.length > 0 ? { [pick]: choose(...values) } : {};
	};
	return {
		required: false,
		members: new Map(),
		...before,
		kind: now.kind,
		...wider("minimum", Math.min),
		...wider("maximum", Math.max),
	};
}

const limitsOfTypes: Record<string, number> = {
	UINT32_MAX: 0xffffffff,
	INT32_MAX: 0x7fffffff,
	INT32_MIN: -0x80000000,
	UINT16_MAX: 0xffff,
	UINT64_MAX: Number.POSITIVE_INFINITY,
	INT64_MAX: Number.POSITIVE_INFINITY,
	KEY_SPEC_REQUESTOR_KEYRING: -8,
	ETH_ALEN: 6,
	NAMESPACES: 3,
};

/** The value of a constant expression of C: numbers, names, shifts, sums, products. */
function numberOf(text: string, file: string): number | undefined {
	const words = text.replace(/\b[A-Z]\w+\b/g, (name) => {
		const known = limitsOfTypes[name];
		const defined =
			constants.get(`${file} ${name}`) ?? [...constants].find(([each]) => each.endsWith(`.h ${name}`))?.[1];
		return `${known ?? (defined === undefined ? name : numberOf(defined, file))}`;
	});
	if (words === "Infinity") return undefined;
	const plain = words.replaceAll(/[()\s]/g, "").replaceAll(/(\d)[uUlL]+/g, "$1");
	const [, left, operator, right] = /^(-?[\dx]+)(<<|\*|-|\+)?(\d+)?$/.exec(plain) ?? [];
	if (left === undefined) return undefined;
	const [a, b] = [/^0\d/.test(left) ? Number.parseInt(left, 8) : Number(left), Number(right ?? 0)];
	switch (operator) {
		case "<<":
			return a * 2 ** b;
		case "*":
			return a * b;
		case "-":
			return a - b;
		case "+":
			return a + b;
		default:
			return a;
	}
}
