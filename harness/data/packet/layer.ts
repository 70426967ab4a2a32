// SPDX-License-Identifier: Apache-2.0

import { type TSchema, Type } from "@sinclair/typebox";
import { InputError, type Place, within } from "../../base/errors.js";
import { shown } from "../../base/printable.js";
import { Content } from "./content.js";
import type { Codec } from "./items.js";
import type { Fields, Located } from "./layout.js";

/** A layer's name and the values known when a layer inside it is built or read. */
export interface Enclosing {
	name: string;
	values: Readonly<Record<string, unknown>>;
}

/** What a header is built for. */
export interface Around {
	/** Of this layer's value. */
	place: Place;
	/** The bytes that it encloses. */
	inner: Uint8Array;
	/** The layer that follows. */
	next: string | undefined;
	/** The layers before it, the outermost first. */
	outer: readonly Enclosing[];
}

/** A header found in bytes. */
export interface Reading {
	fields: Record<string, Located>;
	/** Bytes. */
	header: number;
	/** Bytes from the header's start to the end of what it encloses; default: to the last byte. */
	end?: number;
	/** The layer that follows, by this header; undefined when it names none that is known. */
	next?: string | undefined;
}

/** One kind of layer: how its header is written in a file and how in a packet. */
export interface LayerKind {
	/** Standard, and what is not obvious. */
	description: string;
	/** What may be given, in the order of the header. */
	fields: Readonly<Record<string, TSchema>>;
	/** True when it says how long it is: then `trailer` may follow what it encloses. */
	delimited?: boolean;
	/** Fields that stay in what is read even where they are the default: others depend on them. */
	kept?: readonly string[];
	/** The header. @throws InputError */
	build(values: Readonly<Record<string, unknown>>, around: Around): Uint8Array;
	/** The header at the start of `bytes`; undefined when too few bytes are there. Never throws. */
	read(bytes: Uint8Array, outer: readonly Enclosing[]): Reading | undefined;
}

export const trailerSchema = Type.Unsafe<Content>({
	...Content,
	description:
		"bytes behind this layer that its length does not count, as the padding of a short Ethernet frame",
});

export function schemasOf(...layouts: readonly { fields: Fields }[]): Record<string, TSchema> {
	return Object.fromEntries(
		layouts.flatMap(({ fields }) => Object.entries(fields).map(([name, { schema }]) => [name, schema])),
	);
}

/** Refuses what is not an object of the fields that there are. */
export function checkValues(
	name: string,
	value: unknown,
	known: readonly string[],
	{ file, pointer }: Place,
): asserts value is Record<string, unknown> {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new InputError(file, pointer, `${shown(value)} is not an object of ${name}'s fields`);
	for (const key of Object.keys(value))
		if (!known.includes(key))
			throw new InputError(file, pointer, `${name} has no field ${shown(key)}; it has ${known.join(", ")}`);
}

/** Value of variable length in a header. */
export function located(value: unknown, offset: number, size: number): Located {
	return { value, bit: offset * 8, bits: size * 8 };
}

/** The value of `codec` in these bytes of a header. */
export function decoded(codec: Codec, bytes: Uint8Array, start: number, end = bytes.length): Located {
	return located(codec.decode(bytes.subarray(start, end)), start, end - start);
}

/** Bytes of the variable part in field `name`, none if it is not given. @throws InputError */
export function optional(
	codec: Pick<Codec, "encode">,
	values: Readonly<Record<string, unknown>>,
	name: string,
	place: Place,
): Uint8Array {
	const value = values[name];
	return value === undefined ? new Uint8Array() : codec.encode(value, within(place, name));
}
