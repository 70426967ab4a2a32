// SPDX-License-Identifier: Apache-2.0

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
	let offset = 0;
	for (const part of parts) {
		whole.set(part, offset);
		offset += part.length;
	}
	return whole;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
	return Buffer.compare(a, b) === 0;
}

export function toHex(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** The bytes of hexadecimal pairs, spaces and colons between them allowed, or undefined. */
export function fromHex(text: string): Uint8Array | undefined {
	const digits = text.replace(/[\s:]/g, "");
	if (digits.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(digits)) return undefined;
	return Uint8Array.from(Buffer.from(digits, "hex"));
}

/** The unsigned integer in `count` (up to 32) bits from `bit`, most significant first. */
export function readBits(bytes: Uint8Array, bit: number, count: number): number {
	let value = 0;
	if (bit % 8 === 0 && count % 8 === 0) {
		for (let at = bit / 8; at < (bit + count) / 8; at++) value = value * 256 + bytes[at]!;
		return value;
	}
	for (let at = bit; at < bit + count; at++) value = value * 2 + ((bytes[at >> 3]! >> (7 - (at % 8))) & 1);
	return value;
}

/** Writes what `readBits` reads. */
export function writeBits(bytes: Uint8Array, bit: number, count: number, value: number): void {
	for (let at = bit + count - 1, rest = value; at >= bit; at--) {
		if (at % 8 === 7 && at - 7 >= bit) {
			bytes[at >> 3] = rest % 256;
			rest = Math.floor(rest / 256);
			at -= 7;
			continue;
		}
		const mask = 0x80 >> (at % 8);
		bytes[at >> 3] = rest % 2 === 1 ? bytes[at >> 3]! | mask : bytes[at >> 3]! & ~mask;
		rest = Math.floor(rest / 2);
	}
}
