// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../base/errors.js";
import type { ValuePlace } from "../package/btf/btf-value.js";
import { parseIpv4, parseIpv6 } from "../packet/address.js";
import { concat } from "../packet/bytes.js";
import type { ValueType } from "./leaf.js";

/**
 * The key of an LPM trie (BPF_MAP_TYPE_LPM_TRIE) written as `192.0.2.0/24`: the length as a number
 * of the machine, then the address. Undefined when it is no such text.
 *
 * @throws InputError when keys have other addresses, or the address less bits
 */
export function prefixKey(
	{ size, littleEndian }: ValueType,
	value: unknown,
	place: ValuePlace,
): Uint8Array | undefined {
	const match = typeof value === "string" ? /^([^/]+)\/(\d{1,3})$/.exec(value) : null;
	const text = match?.[1] ?? "";
	const address = parseIpv4(text) ?? parseIpv6(text);
	const length = Number(match?.[2]);
	if (!address) return undefined;
	const fail = (reason: string) =>
		new InputError(place.file, place.pointer, `${JSON.stringify(value)} is not a prefix here: ${reason}`);
	if (size !== 4 + address.length)
		throw fail(
			`a key has ${size - 4} bytes behind the length of the prefix, and ${text} is ${address.length}`,
		);
	if (length > address.length * 8) throw fail(`the address has ${address.length * 8} bits`);
	const head = new Uint8Array(4);
	new DataView(head.buffer).setUint32(0, length, littleEndian);
	return concat(head, address);
}
