// SPDX-License-Identifier: Apache-2.0

import { type Static, Type } from "@sinclair/typebox";
import { between, type CaseResult, Outcome, type Results } from "../../../base/results.js";
import { validator } from "../../../base/validate.js";
import { jsonValue } from "../../../data/package/manifest/json-text.js";

const closed = { additionalProperties: false };

/** Cases of a package that do not pass, and why; all other cases must pass. */
const Expectation = Type.Object(
	{
		case: Type.String({ description: "as in the results; `*` matches every case" }),
		outcome: Outcome,
		reasons: Type.Optional(Type.Array(Type.String(), { minItems: 1, description: "allowed codes" })),
		kernels: Type.Optional(
			Type.Array(Type.String(), { description: "ids, or `between`; default: every kernel" }),
		),
		may: Type.Optional(
			Type.Boolean({
				description: "these cases may also pass or be missing, depending on the kernel",
			}),
		),
	},
	closed,
);
type Expectation = Static<typeof Expectation>;

/** programs/expectations.json: the expected outcomes of each example package. */
export const Expectations = Type.Object(
	{
		packages: Type.Record(Type.String(), Type.Array(Expectation)),
		invalid: Type.Record(Type.String(), Type.Object({ exit: Type.Literal(2), file: Type.String() }, closed), {
			description: "packages that are refused before anything runs, and the file that the message names",
		}),
	},
	closed,
);
export type Expectations = Static<typeof Expectations>;

const expectationsFile = validator(Expectations);

/** @throws InputError with the place of the first violation */
export function parseExpectations(file: string, text: string): Expectations {
	return expectationsFile.checked(jsonValue(file, text), file);
}

/** One line for each difference: other outcomes or reasons, missing cases, unknown packages. */
export function deviations(results: Results, expectations: Expectations): string[] {
	const unknown = results.packages
		.filter(({ name }) => !Object.hasOwn(expectations.packages, name))
		.map(({ name }) => `${name}: not in expectations.json`);
	const wrong = results.results.flatMap((result) => deviation(result, expectations.packages[result.package]));
	return [...unknown, ...wrong, ...absent(results, expectations)];
}

function deviation(result: CaseResult, expectations: Expectation[] = []): string[] {
	const speaking = expectations.filter((each) => speaksOf(each, result));
	const code = result.reason?.code ?? "";
	const fits = ({ outcome, reasons }: Pick<Expectation, "outcome" | "reasons">) =>
		result.outcome === outcome && (reasons === undefined || reasons.includes(code));
	const must = speaking.find(({ may }) => !may) ?? { outcome: "pass" as const };
	if (fits(must) || speaking.some((each) => each.may && fits(each))) return [];
	const { outcome, reasons } = must as Pick<Expectation, "outcome" | "reasons">;
	const wanted = reasons ? `${outcome} (${reasons.join(" or ")})` : outcome;
	const got = code === "" ? result.outcome : `${result.outcome} (${code})`;
	return [`${result.package} on ${result.kernel}: ${result.case}: expected ${wanted}, got ${got}`];
}

/** Cells without results, and expected cases without one. */
function absent(results: Results, expectations: Expectations): string[] {
	const ids = results.kernels.map(({ id }) => id);
	return results.packages.flatMap(({ name }) =>
		[...ids, ...(ids.length > 1 ? [between] : [])].flatMap((id) => {
			const cell = results.results.filter((result) => result.package === name && result.kernel === id);
			if (cell.length === 0 && id !== between) return [`${name} on ${id}: no results`];
			return (expectations.packages[name] ?? [])
				.filter(({ kernels = ids, may }) => !may && kernels.includes(id))
				.filter((each) => !cell.some((result) => speaksOf(each, result)))
				.map((each) => `${name} on ${id}: ${each.case}: no result`);
		}),
	);
}

function speaksOf(expectation: Expectation, result: CaseResult): boolean {
	const { case: name, kernels } = expectation;
	return (name === "*" || name === result.case) && (kernels === undefined || kernels.includes(result.kernel));
}
