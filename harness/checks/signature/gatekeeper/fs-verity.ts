// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";

const block = 4096;
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** A file's fs-verity digest: SHA-256, 4096-byte blocks, no salt (filesystems/fsverity.rst). */
export function verityDigest(file: Uint8Array): Uint8Array {
	const descriptor = Buffer.alloc(256);
	descriptor[0] = 1;
	descriptor[1] = 1;
	descriptor[2] = Math.log2(block);
	descriptor.writeBigUInt64LE(BigInt(file.length), 8);
	descriptor.set(root(file), 16);
	return sha256(descriptor);
}

/** Root of the Merkle tree; of an empty file zeros. */
function root(file: Uint8Array): Uint8Array {
	if (file.length === 0) return new Uint8Array(32);
	let level = hashes(file);
	while (level.length > 32) level = hashes(level);
	return level;
}

/** Of each block, the last one filled up with zeros, one after the other. */
function hashes(bytes: Uint8Array): Uint8Array {
	const found: Uint8Array[] = [];
	for (let start = 0; start < bytes.length; start += block) {
		const padded = new Uint8Array(block);
		padded.set(bytes.subarray(start, start + block));
		found.push(sha256(padded));
	}
	return Buffer.concat(found);
}

/** `struct fsverity_formatted_digest` (linux/fsverity.h), in the guest's byte order. */
export function formattedDigest(digest: Uint8Array, littleEndian: boolean): Uint8Array {
	const bytes = Buffer.alloc(12);
	bytes.write("FSVerity");
	for (const [offset, value] of [
		[8, 1],
		[10, digest.length],
	] as const) {
		if (littleEndian) bytes.writeUInt16LE(value, offset);
		else bytes.writeUInt16BE(value, offset);
	}
	return Buffer.concat([bytes, digest]);
}
