// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";

const maxBytes = 1024 * 1024;
const maxNesting = 64;

/**
 * Reads a user's JSON file: of bounded size and depth, every key once.
 * @throws InputError with line and column, or the JSON pointer of a repeated key
 */
export function parseJson(file: string, bytes: Uint8Array): unknown {
	if (bytes.length > maxBytes)
		throw new InputError(file, "", `has ${bytes.length} bytes, more than the ${maxBytes} that are read`);
	let text: string;
	try {
		text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
	} catch (cause) {
		throw new InputError(file, "", "is not UTF-8 text", { cause });
	}
	const value = jsonValue(file, text);
	const twice = duplicateKey(text);
	if (twice !== undefined) throw new InputError(file, twice, "is there more than once");
	if (nestsDeeper(value, maxNesting))
		throw new InputError(file, "", `nests deeper than ${maxNesting} levels`);
	return value;
}

/** JSON.parse. @throws InputError with line and column */
export function jsonValue(file: string, text: string): unknown {
	try {
		return JSON.parse(text);
	} catch (cause) {
		const { place, reason } = jsonError(text, cause as SyntaxError);
		throw new InputError(file, place, reason, { cause });
	}
}

/** V8 gives an offset for most errors, and none when the text ends too early. */
function jsonError(text: string, error: SyntaxError): { place: string; reason: string } {
	const position = /at position (\d+)/.exec(error.message)?.[1];
	const offset = position === undefined ? text.length : Number(position);
	const before = text.slice(0, offset).split("\n");
	const column = before.at(-1)!.length + 1;
	const what =
		offset >= text.length ? "the text ends too early" : `unexpected ${JSON.stringify(text[offset])}`;
	return { place: `line ${before.length} column ${column}`, reason: `is not JSON: ${what}` };
}

function nestsDeeper(value: unknown, levels: number): boolean {
	if (typeof value !== "object" || value === null) return false;
	return levels === 0 || Object.values(value).some((part) => nestsDeeper(part, levels - 1));
}

/** An open object with its keys so far, or an array with the index of its next element. */
type Level = { keys: Set<string>; key: string | undefined } | { index: number };

/** JSON pointer of the first repeated key, which JSON.parse does not report (RFC 8259, 4). */
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
