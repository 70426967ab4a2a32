// SPDX-License-Identifier: Apache-2.0
import type { Explanation, FeatureQuestion, KernelFacts } from "./facts.js";
import type { Place } from "./log.js";
import { type ExplainedCode, reasonSaying } from "./registry/registry.js";
import type { Match } from "./rule.js";

/** `(file.c:42)`, or `(instruction 4)` where the kernel does not tell the source. */
export function placeWords(place: Place): string {
	if (place.file !== undefined) return ` (${place.file}:${place.line})`;
	return place.instruction === undefined ? "" : ` (instruction ${place.instruction})`;
}

/** Makes control characters visible and quotations short: a message stays one line. */
export function quotable(text: string, longest = 300): string {
	const plain = text.slice(0, longest).replace(/\p{Cc}/gu, " ");
	return text.length > longest ? `${plain}…` : plain;
}

export function explanation(
	code: ExplainedCode,
	message: string,
	facts: Record<string, unknown>,
	hint?: string,
): Explanation {
	const reason = reasonSaying(code, quotable(message, 1000));
	return { reason: hint === undefined ? reason : { ...reason, hint }, facts };
}

/** What the kernel answered about a feature, as a code and words for the sentence. */
export function featureWords(
	question: FeatureQuestion | undefined,
	kernel: KernelFacts,
): { code?: ExplainedCode; words: string; facts: Record<string, unknown> } {
	const state = question && kernel.features?.(question);
	if (!question || !state) return { words: "", facts: {} };
	const kfunc = /^kfunc:(.*)/.exec(question)?.[1];
	if (kfunc !== undefined && kernel.kfuncSince) {
		const since = kernel.kfuncSince(kfunc);
		const facts = { feature: question, feature_state: state };
		if (since === undefined)
			return { words: "; no kernel of the catalog has one of that name, modules aside", facts };
		if (state === "unsupported") return { words: `; kernel ${since} has it`, facts };
	}
	const switchedOnBy = kernel.configOf?.(question);
	const facts = {
		feature: question,
		feature_state: state,
		...(switchedOnBy ? { switched_on_by: switchedOnBy } : {}),
	};
	const by = switchedOnBy ? ` (${switchedOnBy})` : "";
	if (state === "disabled")
		return { code: "config-disabled", words: `: left out by its configuration${by}`, facts };
	if (state === "module-absent")
		return { code: "module-absent", words: `: its module is not there${by}`, facts };
	return { words: "", facts };
}

/** A known message as an explanation; `subject` is `program x`, `object x`. */
export function explainMatch(
	match: Match,
	subject: string,
	place: Place,
	kernel: KernelFacts,
	facts: Record<string, unknown>,
): Explanation {
	const feature = featureWords(match.rule.feature?.(match.fields), kernel);
	const words = match.rule.says(match.fields, place);
	return explanation(
		feature.code ?? match.rule.code,
		`${subject} ${words}${feature.words}${placeWords(place)}`,
		{
			...facts,
			...feature.facts,
			kernel_said: match.line,
			detail: match.fields,
		},
		feature.code ? undefined : match.rule.hint?.(match.fields, place),
	);
}
