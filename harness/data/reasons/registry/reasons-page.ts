// SPDX-License-Identifier: Apache-2.0
import { type ReasonEntry, sentenceOf } from "./define.js";

/** Facts for a sentence without a case: each reads as its name, `<member>`; also as a list. */
const placeholders = new Proxy(
	{},
	{ get: (_, name) => ({ toString: () => `<${String(name)}>`, join: () => `<${String(name)}>` }) },
);

/** What an entry means and what to do, without the facts of a case. */
export const inGeneral = ({ meaning, message, hint }: ReasonEntry): { meaning: string; hint: string } => ({
	meaning: meaning ?? String(sentenceOf(message, placeholders)),
	hint: String(sentenceOf(hint, placeholders)),
});

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("<", "&lt;");

/** docs/reasons.md: each topic's codes in a table. */
export function reasonsPage(topics: Readonly<Record<string, Readonly<Record<string, ReasonEntry>>>>): string {
	const lines = [
		"# Reasons",
		"",
		"Every result that is not a pass has a reason: a code for machines, a sentence and a hint. Codes do",
		"not change. `<name>` stands for a fact of the case. This page is made from",
		"`harness/data/reasons/registry/`: `BPFGATE_WRITE_DOCS=1 npx vitest run registry` writes it.",
	];
	for (const [topic, entries] of Object.entries(topics)) {
		lines.push("", `## ${topic}`, "", "| code | what happened | what to do |", "| --- | --- | --- |");
		for (const [code, entry] of Object.entries(entries)) {
			const { meaning, hint } = inGeneral(entry);
			lines.push(`| \`${code}\` | ${cell(meaning)} | ${cell(hint)} |`);
		}
	}
	return `${lines.join("\n")}\n`;
}
