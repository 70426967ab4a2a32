// SPDX-License-Identifier: Apache-2.0
import { lintReasons } from "../../reasons/registry/loader-lint.js";
import { type ReasonArguments, reason } from "../../reasons/registry/registry.js";

/** What the lint of signed loaders can find; docs/signature-lint.md explains each. */
export type LintCode = keyof typeof lintReasons;
export const lintCodes = Object.keys(lintReasons) as LintCode[];

/** One weakness of a signed loader. */
export interface LintFinding {
	code: LintCode;
	/**
	 * `error`: the signature does not protect what it should, or no kernel of its contract takes
	 * it; `warning`: it is weaker than it could be, or its contract leaves no better way.
	 */
	severity: "error" | "warning";
	sentence: string;
	/** What to do about it. */
	hint: string;
}

/** A weakness with the registry's sentence and hint. */
export function weakness<C extends LintCode>(
	severity: LintFinding["severity"],
	code: C,
	...facts: ReasonArguments<C>
): LintFinding {
	const { message, hint } = reason(code, ...facts);
	return { code, severity, sentence: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`, hint };
}

/** The sentence of a finding as it is written behind a colon. */
export function clause({ sentence }: LintFinding): string {
	return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
