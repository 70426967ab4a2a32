// SPDX-License-Identifier: Apache-2.0

/** Sum of 16-bit words, not yet folded; an odd last byte counts as if a zero followed it. */
export function wordSum(bytes: Uint8Array): number {
	let sum = 0;
	for (let at = 0; at + 1 < bytes.length; at += 2) sum += (bytes[at]! << 8) | bytes[at + 1]!;
	return bytes.length % 2 === 1 ? sum + (bytes[bytes.length - 1]! << 8) : sum;
}

/** The Internet checksum (RFC 1071) over these sums; each part but the last has even length. */
export function internetChecksum(...sums: readonly number[]): number {
	let sum = sums.reduce((whole, part) => whole + part, 0);
	while (sum > 0xffff) sum = (sum % 0x10000) + Math.floor(sum / 0x10000);
	return 0xffff - sum;
}

/** Castagnoli's polynomial, reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
	return crc;
});

/** CRC32c of the bytes, as SCTP uses it (RFC 9260, appendix A). */
export function crc32c(...parts: readonly Uint8Array[]): number {
	let crc = 0xffffffff;
	for (const part of parts) for (const byte of part) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
	return ~crc >>> 0;
}
