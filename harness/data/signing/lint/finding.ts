// SPDX-License-Identifier: Apache-2.0
import { lintReasons } from "../../reasons/registry/loader-lint.js";
import { type ReasonArguments, reason } from "../../reasons/registry/registry.js";

/** What the lint of signed loaders can find; docs/signature-lint.md explains each. */
export type LintCode = keyof typeof lintReasons;
export const lintCodes = Object.keys(lintReasons) as LintCode[];

/** One weakness of a signed loader. */
export interface LintFinding {
	code: LintCode;
	/** `error`: it does not protect, or no kernel takes it; `warning`: weaker than it could be. */
	severity: "error" | "warning";
	sentence: string;
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

export function clause({ sentence }: LintFinding): string {
	return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}
