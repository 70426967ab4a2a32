// SPDX-License-Identifier: Apache-2.0
import { type Static, type TSchema, type TUnsafe, Type } from "@sinclair/typebox";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { InputError } from "./errors.js";
import { shown } from "./printable.js";

const ajv = new Ajv({ allErrors: false, verbose: true, strict: true, allowUnionTypes: true });
ajv.addKeyword({
	keyword: "bytes",
	validate: (wanted: boolean, data: unknown) => !wanted || data instanceof Uint8Array,
	errors: false,
});
ajv.addKeyword({
	keyword: "maxBytes",
	validate: (most: number, data: unknown) => !(data instanceof Uint8Array) || data.length <= most,
	errors: false,
});

/** One violation of a schema: the JSON pointer of the value, and what was expected there. */
export interface Violation {
	pointer: string;
	reason: string;
}

/** A compiled schema: reports the first violation, or that a value has the schema's type. */
export interface Validator<T extends TSchema> {
	violation(value: unknown): Violation | undefined;
	accepts(value: unknown): value is Static<T>;
	/** The value that `file` holds. @throws InputError with the place of the first violation */
	checked(value: unknown, file: string): Static<T>;
}

/** Compiles a TypeBox schema with ajv. The type and the check come from the same source. */
export function validator<T extends TSchema>(schema: T): Validator<T> {
	let compiled: ValidateFunction | undefined;
	const compile = () => {
		compiled ??= ajv.compile(schema);
		return compiled;
	};
	const violation = (value: unknown) => {
		const validate = compile();
		return validate(value) ? undefined : describe(validate.errors ?? []);
	};
	return {
		violation,
		accepts(value): value is Static<T> {
			return compile()(value) === true;
		},
		checked(value, file) {
			const found = violation(value);
			if (found) throw new InputError(file, found.pointer, found.reason);
			return value as Static<T>;
		},
	};
}

/** The deepest error is the relevant one: a union reports every branch that did not match. */
function describe(errors: ErrorObject[]): Violation {
	const deepest = errors.reduce<ErrorObject | undefined>(
		(best, error) => (best && depth(best) >= depth(error) ? best : error),
		undefined,
	);
	if (!deepest) return { pointer: "/", reason: "is invalid" };
	const here = errors.filter(
		({ instancePath, keyword }) => instancePath === deepest.instancePath && keyword !== "anyOf",
	);
	// A literal fails twice, by type and by value; the value says more.
	const telling = here.filter(
		(error) =>
			error.keyword !== "type" ||
			!here.some((other) => other !== error && other.parentSchema === error.parentSchema),
	);
	return { pointer: deepest.instancePath || "/", reason: joined(telling.map(reasonOf)) };
}

function depth(error: ErrorObject): number {
	return error.instancePath.split("/").length;
}

/** What a union expected: `must be integer or "cpus"`; of a branch that failed inside, that. */
function joined(reasons: string[]): string {
	const inside = reasons.find((reason) => !reason.startsWith(mustBe));
	if (inside !== undefined) return inside;
	const wanted = new Set(reasons.map((reason) => reason.slice(mustBe.length)));
	return `${mustBe}${[...wanted].join(" or ")}`;
}
const mustBe = "must be ";

function reasonOf(error: ErrorObject): string {
	switch (error.keyword) {
		case "additionalProperties":
			return `unknown key ${shown(error.params.additionalProperty)}`;
		case "required":
			return `key "${error.params.missingProperty}" is missing`;
		case "enum":
		case "const": {
			const allowed: unknown[] = error.params.allowedValues ?? [error.params.allowedValue];
			return mustBe + allowed.map((value) => JSON.stringify(value)).join(" or ");
		}
		case "type":
			return mustBe + typeNames(error.params.type);
		case "minItems":
		case "minLength":
			return error.params.limit === 1 ? "must not be empty" : (error.message ?? "is too short");
		case "pattern": {
			const description: string | undefined = error.parentSchema?.description;
			return `must match ${error.params.pattern}${description === undefined ? "" : ` (${description})`}`;
		}
		case "bytes":
			return "must be a byte string";
		default:
			return error.message ?? "is invalid";
	}
}

function typeNames(types: string | string[]): string {
	const article = (type: string) =>
		type === "null" ? type : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
	return [types].flat().map(article).join(" or ");
}

/** At most `maxBytes` bytes: MessagePack `bin` on the channel, `Uint8Array` here, never in JSON. */
export function Bytes(maxBytes?: number): TUnsafe<Uint8Array> {
	return Type.Unsafe<Uint8Array>({ bytes: true, ...(maxBytes === undefined ? {} : { maxBytes }) });
}
