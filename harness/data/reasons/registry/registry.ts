// SPDX-License-Identifier: Apache-2.0
import { UndecidedError } from "../../../base/errors.js";
import type { Reason } from "../../../base/results.js";
import { attachReasons } from "./attach.js";
import { capabilityReasons } from "./capability.js";
import { chainReasons } from "./chain.js";
import type { FactsOf } from "./define.js";
import { sentenceOf } from "./define.js";
import { guestReasons } from "./guest.js";
import { hostReasons } from "./host.js";
import { loadReasons } from "./load.js";
import { lintReasons } from "./loader-lint.js";
import { runReasons } from "./run.js";
import { signatureReasons } from "./signature.js";
import { takeoverReasons } from "./takeover.js";
import { tokenReasons } from "./token.js";
import { vectorReasons } from "./vectors.js";

/** Every topic with its codes, in the order of docs/reasons.md. */
export const reasonTopics = {
	load: loadReasons,
	attach: attachReasons,
	vectors: vectorReasons,
	signature: signatureReasons,
	"signature lint": lintReasons,
	chain: chainReasons,
	token: tokenReasons,
	takeover: takeoverReasons,
	capability: capabilityReasons,
	guest: guestReasons,
	host: hostReasons,
	run: runReasons,
} as const;

/** Every code that a results document can have, with its sentence and hint. */
export const reasons = Object.assign({}, ...Object.values(reasonTopics)) as typeof loadReasons &
	typeof attachReasons &
	typeof vectorReasons &
	typeof signatureReasons &
	typeof lintReasons &
	typeof chainReasons &
	typeof tokenReasons &
	typeof takeoverReasons &
	typeof capabilityReasons &
	typeof guestReasons &
	typeof hostReasons &
	typeof runReasons;
type Registry = typeof reasons;
export type ReasonCode = keyof Registry;
/** Codes for what the kernel and libbpf said of an object. */
export type ExplainedCode = keyof typeof loadReasons | keyof typeof attachReasons;

/** The facts of a code, and what follows them; no facts for a code whose sentences need none. */
export type ReasonArguments<C extends ReasonCode, Rest extends unknown[] = []> =
	unknown extends FactsOf<Registry[C]>
		? [facts?: Record<string, never>, ...Rest]
		: [facts: FactsOf<Registry[C]>, ...Rest];

/** The reason with this code; its sentence and hint are made from the facts. */
export function reason<C extends ReasonCode>(code: C, ...[facts]: ReasonArguments<C>): Reason {
	const { message, hint } = reasons[code];
	return { code, message: sentenceOf(message, facts), hint: sentenceOf(hint, facts) };
}

type PlainHint = { [C in ReasonCode]: Registry[C]["hint"] extends string ? C : never }[ReasonCode];

/**
 * The reason with this code in the words of `message`, where the kernel, a tool or an error says
 * what happened; the hint is the registry's unless something more precise is known.
 */
export const reasonSaying = (
	code: PlainHint,
	message: string,
	hint: string = reasons[code].hint,
): Reason => ({
	code,
	message,
	hint,
});

type UndecidedOptions = ConstructorParameters<typeof UndecidedError>[3];

/** The error of a registered code: bpfgate could not find out. */
export function undecided<C extends ReasonCode>(
	code: C,
	...given: ReasonArguments<C, [options?: UndecidedOptions]>
): UndecidedError {
	const [facts, options] = given as [unknown, UndecidedOptions?];
	const { message, hint } = reasons[code];
	return new UndecidedError(code, sentenceOf(message, facts), sentenceOf(hint, facts), options);
}
