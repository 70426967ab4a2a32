// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../package/btf/btf-value.js";
import type { Difference } from "../packet/diff.js";
import { locate } from "../packet/dissect.js";

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

/** What differs, as `ipv4.ttl`; of several layers of a kind, `ipv4 (layer 3).ttl`, outermost 0. */
export function packetMismatches(differences: readonly Difference[], actual: Uint8Array): Mismatch[] {
	const kinds: string[] = differences.length > 0 ? locate(actual, "ethernet").map(({ name }) => name) : [];
	const isOneOfSeveral = (kind: string) => kinds.indexOf(kind) !== kinds.lastIndexOf(kind);
	return differences.map(({ kind, field, layer, expected, actual: got }) => {
		const name = isOneOfSeveral(kind) ? `${kind} (layer ${layer})` : kind;
		const place =
			field === ""
				? `layer ${layer} (${kind})`
				: field === kind
					? name
					: `${name}.${field.replaceAll("/", ".")}`;
		return { what: place, expected: jsonOf(expected), actual: jsonOf(got) };
	});
}

function jsonOf(value: unknown): JsonValue {
	return value === undefined ? "nothing" : JSON.parse(JSON.stringify(value));
}
