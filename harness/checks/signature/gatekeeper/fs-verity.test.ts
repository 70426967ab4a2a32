// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { formattedDigest, verityDigest } from "./fs-verity.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** As the kernel's documentation lays it out, written down once more. */
function descriptor(size: number, root: Uint8Array): Uint8Array {
	const bytes = Buffer.alloc(256);
	bytes.set([1, 1, 12, 0]);
	bytes.writeUInt32LE(size, 8);
	bytes.set(root, 16);
	return bytes;
}

describe("the fs-verity digest", () => {
	it("of an empty file is that which the kernel and fsverity(1) give", () => {
		expect(hex(verityDigest(new Uint8Array(0)))).toBe(
			"3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
		);
	});

	it("of one block has the block's hash as root", () => {
		const file = Buffer.alloc(10, 7);
		const padded = Buffer.concat([file, Buffer.alloc(4086)]);
		expect(hex(verityDigest(file))).toBe(hex(sha256(descriptor(10, sha256(padded)))));
	});

	it("of two blocks has a level between", () => {
		const file = Buffer.alloc(8192, 7);
		const block = sha256(file.subarray(0, 4096));
		const level = Buffer.concat([block, block, Buffer.alloc(4096 - 64)]);
		expect(hex(verityDigest(file))).toBe(hex(sha256(descriptor(8192, sha256(level)))));
	});

	it("of more than 128 blocks has two levels, and differs by any byte", () => {
		const file = Buffer.alloc(129 * 4096);
		const changed = Buffer.from(file);
		changed[129 * 4096 - 1] = 1;
		expect(hex(verityDigest(changed))).not.toBe(hex(verityDigest(file)));
	});

	it("is signed with its algorithm and size in the guest's byte order", () => {
		const digest = new Uint8Array(32).fill(0xab);
		const start = (littleEndian: boolean) => hex(formattedDigest(digest, littleEndian).subarray(0, 13));
		expect(start(true)).toBe(`${hex(Buffer.from("FSVerity"))}01002000ab`);
		expect(start(false)).toBe(`${hex(Buffer.from("FSVerity"))}00010020ab`);
	});
});
