// SPDX-License-Identifier: Apache-2.0

import type { FeatureQuestion } from "./facts.js";
import type { Place } from "./log.js";
import type { ExplainedCode } from "./registry/registry.js";

/** Facts read out of one message: named groups of its pattern, numbers as numbers. */
export type Fields = Record<string, string | number>;

/** One known message: what it looks like, what it means, and how to say it after "program x …". */
export interface Rule {
	code: ExplainedCode;
	/** Tried on one line at a time; must be linear in its length. */
	pattern: RegExp;
	/** Narrows the rule to some of the lines that match. */
	when?: (fields: Fields, place: Place) => boolean;
	says: (fields: Fields, place: Place) => string;
	hint?: (fields: Fields, place: Place) => string | undefined;
	/** The feature that the kernel lacks, when it is one that it can be asked for. */
	feature?: (fields: Fields) => FeatureQuestion;
}

export interface Match {
	rule: Rule;
	fields: Fields;
	line: string;
}

/** The first rule that fits any line: the table is in order of how much a message says. */
export function firstMatch(
	rules: readonly Rule[],
	lines: readonly string[],
	place: Place,
): Match | undefined {
	for (const rule of rules) {
		for (const line of lines) {
			const match = rule.pattern.exec(line);
			if (!match) continue;
			const fields = fieldsOf(match);
			if (rule.when && !rule.when(fields, place)) continue;
			return { rule, fields, line };
		}
	}
	return undefined;
}

function fieldsOf(match: RegExpExecArray): Fields {
	const fields: Fields = {};
	for (const [name, value] of Object.entries(match.groups ?? {})) {
		if (value === undefined) continue;
		fields[name] = /^-?\d{1,15}$/.test(value) ? Number(value) : value;
	}
	return fields;
}

export const bytes = (count: string | number | undefined) => `${count} byte${Number(count) === 1 ? "" : "s"}`;
