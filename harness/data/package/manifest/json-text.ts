// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import { duplicateKey } from "./duplicate-key.js";

const maxBytes = 1024 * 1024;
const maxNesting = 64;

/**
 * Reads a JSON file that a user wrote: of bounded size and depth, every key once.
 *
 * @param file what the user calls it, for messages
 * @throws InputError with line and column, or the JSON pointer of a key that is there twice
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
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (cause) {
		const { place, reason } = jsonError(text, cause as SyntaxError);
		throw new InputError(file, place, reason, { cause });
	}
	const twice = duplicateKey(text);
	if (twice !== undefined) throw new InputError(file, twice, "is there more than once");
	if (nestsDeeper(value, maxNesting))
		throw new InputError(file, "", `nests deeper than ${maxNesting} levels`);
	return value;
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
