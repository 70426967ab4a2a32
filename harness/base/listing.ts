// SPDX-License-Identifier: Apache-2.0

/** `a`, `a and b`, `a, b and c`. */
export function listing(words: readonly string[]): string {
	if (words.length < 2) return words.join("");
	return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
