// SPDX-License-Identifier: Apache-2.0
import { printable } from "../base/printable.js";

/** Text in a paragraph or table cell (GitHub Flavored Markdown): nothing is markup. */
export function escapeMarkdown(text: string): string {
	return printable(text)
		.replace(/[\\`*_{}[\]<>()#!|~&$]/g, "\\$&")
		.replace(/^[-+=]/, "\\$&")
		.replace(/^(\d+)\./, "$1\\.");
}

/** A name as Markdown code: it cannot become a link or a mention. */
export function markdownCode(text: string): string {
	const content = printable(text);
	const longest = Math.max(0, ...(content.match(/`+/g) ?? []).map((run) => run.length));
	const fence = "`".repeat(longest + 1);
	const space = content.startsWith("`") || content.endsWith("`") ? " " : "";
	return `${fence}${space}${content}${space}${fence}`;
}
