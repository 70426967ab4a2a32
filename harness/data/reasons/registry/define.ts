// SPDX-License-Identifier: Apache-2.0

/** A sentence, or how it is made from the facts of a case. */
type Sentence = string | ((facts: never) => string);

export interface ReasonEntry {
	/** What happened: one sentence without a capital and without a full stop. */
	message: Sentence;
	/** What to do about it: one imperative sentence in the same style. */
	hint: Sentence;
	/** The code in general, for docs/reasons.md, where `message` needs more than placeholders. */
	meaning?: string;
}

type FactsOfSentence<S> = S extends (facts: infer F) => string ? F : unknown;

/** The facts that an entry's sentences are made from; unknown where they need none. */
export type FactsOf<E extends ReasonEntry> = FactsOfSentence<E["message"]> & FactsOfSentence<E["hint"]>;

/**
 * The codes of one topic. Codes are stable: a results document may be years old.
 *
 * @example
 * export const chainReasons = defineReasons({
 * 	"chain-order": {
 * 		message: (f: { member: string; expected: number; found: number }) =>
 * 			`${f.member}: expected at position ${f.expected}, found at ${f.found}`,
 * 		hint: "check the priorities that the loader passes",
 * 	},
 * });
 */
export const defineReasons = <const T extends Readonly<Record<string, ReasonEntry>>>(entries: T): T =>
	entries;

/** The sentence made from the facts. */
export const sentenceOf = (sentence: Sentence, facts: unknown): string =>
	typeof sentence === "string" ? sentence : sentence(facts as never);
