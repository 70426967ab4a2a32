// SPDX-License-Identifier: Apache-2.0

import { type Place, wrong } from "../../../base/errors.js";
import type { Btf } from "./btf.js";
import { Bits, type JsonValue } from "./btf-value.js";

/** What a value's bytes mean: a type of the object's BTF, or nothing but a size. */
export interface ValueType {
	size: number;
	littleEndian: boolean;
	/** Absent where the object gives no type. */
	types?: { btf: Btf; id: number };
	/** Global variables of a data section, by name: their BTF ids and offsets in bytes. */
	variables?: ReadonlyMap<string, { id: number; offset: number }>;
}

/** A part of a value that is written as one number, text or row of bytes. */
export type Leaf = {
	/** In the value: `.port`, `[2].packets`; empty for the whole. */
	path: string;
	/** JSON pointer of what was written. */
	pointer: string;
} & (
	| {
			kind: "integer";
			bit: number;
			bits: number;
			signed: boolean;
			littleEndian: boolean;
			value: bigint;
			/** `value` is to be added to what was there before. */
			relative: boolean;
			/** As a file would have it. */
			spell(value: bigint): JsonValue;
	  }
	| { kind: "bytes"; offset: number; value: Uint8Array; spell(bytes: Uint8Array): JsonValue }
);
export type IntegerLeaf = Extract<Leaf, { kind: "integer" }>;

export function writeLeaves(leaves: readonly Leaf[], bytes: Uint8Array, before?: Uint8Array): void {
	for (const leaf of leaves) {
		if (leaf.kind === "bytes") bytes.set(leaf.value, leaf.offset);
		else
			new Bits(bytes, leaf.littleEndian).write(
				leaf.bit,
				leaf.bits,
				leaf.relative && before
					? BigInt.asUintN(leaf.bits, leaf.value + readInteger(leaf, before))
					: leaf.value,
			);
	}
}

export function readInteger({ bit, bits, signed, littleEndian }: IntegerLeaf, bytes: Uint8Array): bigint {
	return new Bits(bytes, littleEndian).read(bit, bits, signed);
}

/** The type that a file names: `struct event`. @throws InputError when BTF lacks it */
export function namedType(
	{ btf, file }: { btf?: Btf; file: string },
	written: unknown,
	place: Place,
): ValueType {
	const name = typeof written === "string" ? written.replace(/^(struct|union) /, "") : "";
	const id = btf?.find(name, "struct") ?? btf?.find(name, "union") ?? btf?.find(name, "typedef");
	if (!btf || id === undefined) throw wrong(place, `the BTF of ${file} has no struct ${name}`);
	return { size: btf.sizeOf(id), littleEndian: btf.littleEndian, types: { btf, id } };
}
