// SPDX-License-Identifier: Apache-2.0

/** All that differ from these bytes in one bit; `bit` counts from the first byte's highest. */
export function* flipped(bytes: Uint8Array): Generator<{ bit: number; changed: Uint8Array }> {
	for (let bit = 0; bit < 8 * bytes.length; bit++) {
		const changed = Uint8Array.from(bytes);
		changed[bit >> 3]! ^= 0x80 >> (bit & 7);
		yield { bit, changed };
	}
}
