// SPDX-License-Identifier: Apache-2.0

/**
 * An object that is open, with its keys so far, or an array with the index of the element that is
 * next or being read.
 */
type Level = { keys: Set<string>; key: string | undefined } | { index: number };

/**
 * JSON pointer (RFC 6901) of the first key that its object has had already; JSON.parse takes the
 * last one and says nothing (RFC 8259, 4).
 *
 * @param json text that JSON.parse takes
 */
export function duplicateKey(json: string): string | undefined {
	const levels: Level[] = [];
	for (const [token] of json.matchAll(/"(?:[^"\\]+|\\.)*"|[{}[\],]/g)) {
		const level = levels.at(-1);
		if (token === "{") levels.push({ keys: new Set(), key: undefined });
		else if (token === "[") levels.push({ index: 0 });
		else if (token === "}" || token === "]") levels.pop();
		else if (level && "index" in level) level.index += token === "," ? 1 : 0;
		else if (level && token === ",") level.key = undefined;
		// A string before which the object had no key is the key; the next one, if any, is the
		// value.
		else if (level && level.key === undefined) {
			level.key = JSON.parse(token) as string;
			if (level.keys.has(level.key)) return pointer(levels);
			level.keys.add(level.key);
		}
	}
	return undefined;
}

function pointer(levels: Level[]): string {
	const parts = levels.map((level) => ("index" in level ? String(level.index) : (level.key ?? "")));
	return parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}
