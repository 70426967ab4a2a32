// SPDX-License-Identifier: Apache-2.0

/**
 * Characters that change how the text around them is shown instead of being shown: C0 and C1
 * controls (terminal escapes among them), bidirectional overrides (Unicode UAX #9), line and
 * paragraph separators, the byte order mark, surrogates without a partner.
 */
const unprintable =
	// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not get through
	/[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff]|\p{Surrogate}/gu;

/** One line of text that is safe to show: names and logs of packages and kernels are hostile. */
export function printable(text: string): string {
	return text
		.replace(/\s*\r?\n\s*/g, " ")
		.replaceAll("\t", " ")
		.replace(unprintable, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** As `printable`, line by line: for logs. */
export function printableLines(text: string): string[] {
	return text
		.replace(/\s+$/, "")
		.split(/\r?\n/)
		.map((line) => printable(line));
}

/** A value as JSON text for files and terminals alike: what is not printable is escaped. */
export function printableJson(value: unknown, indent: number | string = "\t"): string {
	const text = JSON.stringify(value, null, indent);
	// Outside of strings there are only line feeds and tabs of the layout.
	return text.replace(unprintable, (character) =>
		character === "\n" || character === "\t"
			? character
			: `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
	);
}

/** A value in a message: short, on one line. */
export function shown(value: unknown): string {
	const text = JSON.stringify(value) ?? "nothing";
	return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

const entities: Record<string, string> = {
	"&": "&amp;",
	"<": "&lt;",
	">": "&gt;",
	'"': "&quot;",
	"'": "&#39;",
};

/** Text as the content of an element or of a quoted attribute, in HTML and XML 1.0 alike. */
export function escapeMarkup(text: string): string {
	return printable(text).replace(/[&<>"']/g, (character) => entities[character]!);
}
