// SPDX-License-Identifier: Apache-2.0

/** A test for text that matches a pattern in which `*` stands for any run of characters. */
export function wildcard(pattern: string): (text: string) => boolean {
	const parts = pattern.split("*");
	const [first = "", ...rest] = parts;
	const last = rest.pop();
	return (text) => {
		if (last === undefined) return text === pattern;
		if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
			return false;
		let from = first.length;
		for (const part of rest) {
			const at = text.indexOf(part, from);
			if (at < 0 || at + part.length > text.length - last.length) return false;
			from = at + part.length;
		}
		return true;
	};
}
