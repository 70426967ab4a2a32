// SPDX-License-Identifier: Apache-2.0
import type { JsonValue } from "../package/btf/btf-value.js";
import type { Difference } from "../packet/diff.js";
import { locate } from "../packet/dissect.js";
import type { Mismatch } from "./mismatch.js";

/**
 * What differs in a packet, in words of its layers: `ipv4.ttl`; where it has several layers of one
 * kind, `ipv4 (layer 3).ttl`, the outermost layer being 0, as in a vector file.
 *
 * @param actual the packet that the numbers of layers are of
 */
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
