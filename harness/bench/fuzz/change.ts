// SPDX-License-Identifier: Apache-2.0
import fc from "fast-check";
import { changedDocument, type MemberChange, memberChange } from "./change-document.js";

/** Largest changed input, in bytes. */
export const mostBytes = 1 << 20;

/** Numbers at which parsers go wrong: ends of types, and sizes that are too large. */
const telling = [
	0n,
	1n,
	7n,
	0x7fn,
	0x80n,
	0xffn,
	0x7fffn,
	0xffffn,
	0x7fffffffn,
	0xffffffffn,
	2n ** 63n,
	2n ** 64n - 1n,
];

/** One change. Positions count modulo the length of the input, so that each change fits each. */
type ByteChange =
	| { kind: "flip"; at: number; bit: number }
	| { kind: "number"; at: number; width: 1 | 2 | 4 | 8; value: bigint; little: boolean }
	| { kind: "remove"; at: number; length: number }
	| { kind: "insert"; at: number; bytes: Uint8Array }
	| { kind: "word"; at: number; word: number }
	| { kind: "repeat"; at: number; length: number; times: number }
	| { kind: "splice"; at: number; seed: number; from: number; length: number }
	| { kind: "cut"; at: number };

/** A seed, and what is changed in it. */
export interface Change {
	seed: number;
	members: readonly MemberChange[];
	bytes: readonly ByteChange[];
}

const at = fc.nat(0xffff_ffff);
const length = fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 4096 }));
const byteChange: fc.Arbitrary<ByteChange> = fc.oneof(
	fc.record({ kind: fc.constant("flip" as const), at, bit: fc.nat(7) }),
	fc.record({
		kind: fc.constant("number" as const),
		at,
		width: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
		value: fc.oneof(fc.constantFrom(...telling), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
		little: fc.boolean(),
	}),
	fc.record({ kind: fc.constant("remove" as const), at, length }),
	fc.record({
		kind: fc.constant("insert" as const),
		at,
		bytes: fc.uint8Array({ minLength: 1, maxLength: 32 }),
	}),
	fc.record({ kind: fc.constant("word" as const), at, word: fc.nat(0xffff) }),
	fc.record({ kind: fc.constant("repeat" as const), at, length, times: fc.integer({ min: 1, max: 3000 }) }),
	fc.record({ kind: fc.constant("splice" as const), at, seed: fc.nat(0xffff), from: at, length }),
	fc.record({ kind: fc.constant("cut" as const), at }),
);

/** Changes of seeds: of members of documents, of bytes, or of both. */
export function changes(json: boolean): fc.Arbitrary<Change> {
	const bytes = fc.array(byteChange, { minLength: 1, maxLength: 6 });
	const members = fc.array(memberChange, { minLength: 1, maxLength: 4 });
	const seed = fc.nat(0xffff);
	const ofBytes = fc.record({ seed, members: fc.constant([]), bytes });
	if (!json) return ofBytes;
	const ofMembers = fc.record({ seed, members, bytes: fc.constant([]) });
	return fc.oneof({ arbitrary: ofMembers, weight: 3 }, { arbitrary: ofBytes, weight: 1 });
}

/** The input that a change makes. */
export function changed(
	{ seed, members, bytes }: Change,
	seeds: readonly Uint8Array[],
	words: readonly string[],
): Uint8Array {
	let input = seeds[seed % seeds.length]!;
	if (members.length > 0) input = changedDocument(input, members);
	for (const change of bytes) input = withChange(input, change, seeds, words).subarray(0, mostBytes);
	return input;
}

function withChange(
	input: Uint8Array,
	change: ByteChange,
	seeds: readonly Uint8Array[],
	words: readonly string[],
): Uint8Array {
	const position = input.length === 0 ? 0 : change.at % input.length;
	const replaced = (removed: number, inserted: Uint8Array) =>
		Buffer.concat([input.subarray(0, position), inserted, input.subarray(position + removed)]);
	switch (change.kind) {
		case "flip":
			return replaced(1, Uint8Array.of((input[position] ?? 0) ^ (1 << change.bit)));
		case "number":
			return replaced(change.width, numberBytes(change.value, change.width, change.little));
		case "remove":
			return replaced(change.length, new Uint8Array());
		case "insert":
			return replaced(0, change.bytes);
		case "word":
			return replaced(0, Buffer.from(words[change.word % words.length] ?? ""));
		case "repeat": {
			const piece = input.subarray(position, position + change.length);
			const times = Math.min(change.times, Math.floor(mostBytes / Math.max(piece.length, 1)));
			return replaced(0, Buffer.concat(Array<Uint8Array>(times).fill(piece)));
		}
		case "splice": {
			const other = seeds[change.seed % seeds.length]!;
			const from = other.length === 0 ? 0 : change.from % other.length;
			return replaced(change.length, other.subarray(from, from + change.length));
		}
		case "cut":
			return input.subarray(0, position);
	}
}

function numberBytes(value: bigint, width: number, little: boolean): Uint8Array {
	const bytes = Buffer.alloc(8);
	bytes.writeBigUInt64LE(value);
	const low = bytes.subarray(0, width);
	return little ? low : low.reverse();
}
