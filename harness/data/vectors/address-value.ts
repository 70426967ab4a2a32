// SPDX-License-Identifier: Apache-2.0
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "../packet/address.js";

/**
 * The bytes of an address in a value of that many bytes, in the order of packets; undefined when it
 * is none.
 */
export function addressBytes(size: number, text: string): Uint8Array | undefined {
	const parse = { 4: parseIpv4, 6: parseMac, 16: parseIpv6 }[size];
	return parse?.(text);
}

/** An address of 4, 6 or 16 bytes as a file has it. */
export function formatAddress(bytes: Uint8Array): string {
	switch (bytes.length) {
		case 4:
			return formatIpv4(bytes);
		case 6:
			return formatMac(bytes);
		default:
			return formatIpv6(bytes);
	}
}
