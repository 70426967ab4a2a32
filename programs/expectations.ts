// SPDX-License-Identifier: Apache-2.0
import { readFile } from "node:fs/promises";
import { type Static, Type } from "@sinclair/typebox";
import { InputError } from "../harness/errors.js";
import { Outcome } from "../harness/results/results.js";
import { validator } from "../harness/schema/validate.js";

const closed = { additionalProperties: false };

/** Cases of an example package that do not pass. */
const Exception = Type.Object(
	{
		case: Type.String({ description: "`program/<name>`, or `*` for all" }),
		outcome: Outcome,
		reasons: Type.Optional(
			Type.Array(Type.String(), { minItems: 1, description: "any of these codes is right" }),
		),
		kernels: Type.Optional(Type.Array(Type.String(), { description: "kernel ids; default: every kernel" })),
	},
	closed,
);

/** `expectations.json`: what the load check must find of each package of this folder. */
export const Expectations = Type.Object(
	{
		packages: Type.Record(Type.String(), Type.Array(Exception)),
		invalid: Type.Record(
			Type.String(),
			Type.Object({ file: Type.String({ description: "that the message must name" }) }, closed),
			{ description: "packages that are refused as input, with exit status 2" },
		),
	},
	closed,
);
export type Expectations = Static<typeof Expectations>;

const expectations = validator(Expectations);

/** Reads `expectations.json`. @throws InputError when it does not conform */
export async function readExpectations(): Promise<Expectations> {
	const file = new URL("expectations.json", import.meta.url);
	const value: unknown = JSON.parse(await readFile(file, "utf8"));
	const violation = expectations.violation(value);
	if (violation) throw new InputError(file.pathname, violation.pointer, violation.reason);
	if (!expectations.accepts(value)) throw new InputError(file.pathname, "/", "is invalid");
	return value;
}

/** What one case must come to; `reasons` are the codes of which its reason must have one. */
export interface ExpectedCase {
	outcome: Outcome;
	reasons?: string[];
}

/**
 * What a case of the load check must come to on a kernel. A program that does not load is not attached either.
 *
 * @param name the case without its check, `attach/peek`
 */
export function expectedCase(
	{ packages }: Expectations,
	pkg: string,
	kernel: string,
	name: string,
): ExpectedCase {
	const here = (packages[pkg] ?? []).filter(({ kernels }) => kernels?.includes(kernel) ?? true);
	const exception = here.find((candidate) => candidate.case === name || candidate.case === "*");
	if (exception) {
		const { outcome, reasons } = exception;
		return { outcome, ...(reasons ? { reasons } : {}) };
	}
	const program = name.replace(/^attach\//, "program/");
	if (here.some((candidate) => candidate.case === program))
		return { outcome: "fail", reasons: ["not-loaded"] };
	return { outcome: "pass" };
}
