// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../package/btf/btf-value.js";

/** One thing that is not as a vector expects it. */
export interface Mismatch {
	/** `retval`, `ipv4.ttl`, `map counters[1].packets`. */
	what: string;
	expected: JsonValue;
	actual: JsonValue;
}

/** `ipv4.ttl: expected 63, got 64`. */
export function mismatchText({ what, expected, actual }: Mismatch): string {
	return `${what}: expected ${shown(expected)}, got ${shown(actual)}`;
}

function shown(value: JsonValue): string {
	const text = typeof value === "string" ? value : JSON.stringify(value);
	return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
