// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place, within } from "../../base/errors.js";
import type { Field } from "./field.js";

export type Fields = Readonly<Record<string, Field>>;

/** Values of fields as files have them: those that are not given are filled in. */
export type Values<F extends Fields> = { [K in keyof F]?: F[K] extends Field<infer T> ? T : never };

/** A value and the bits that it was read from, counted from the start of the header. */
export interface Located {
	value: unknown;
	bit: number;
	bits: number;
}

/** A run of fields, the first in the most significant bits of the first byte. */
export class Layout<F extends Fields = Fields> {
	/** Bytes. */
	readonly size: number;

	constructor(readonly fields: F) {
		this.size = Object.values(fields).reduce((bits, field) => bits + field.bits, 0) / 8;
	}

	/** Bytes of `values`; missing ones are `computed`, fallback or zero. @throws InputError */
	write(
		values: Readonly<Record<string, unknown>>,
		place: Place,
		computed: Readonly<Record<string, unknown>> = {},
	): Uint8Array {
		const bytes = new Uint8Array(this.size);
		let bit = 0;
		for (const name in this.fields) {
			const field: Field = this.fields[name]!;
			const value = values[name] ?? computed[name] ?? field.fallback;
			const wrong = value === undefined ? undefined : field.put(bytes, bit, value);
			if (wrong) throw new InputError(place.file, within(place, name).pointer, wrong);
			bit += field.bits;
		}
		return bytes;
	}

	/** The fields at `offset` of `bytes`, where `size` bytes are. */
	locate(bytes: Uint8Array, offset = 0): Record<string, Located> {
		const located: Record<string, Located> = {};
		let bit = offset * 8;
		for (const name in this.fields) {
			const field: Field = this.fields[name]!;
			located[name] = { value: field.get(bytes, bit), bit, bits: field.bits };
			bit += field.bits;
		}
		return located;
	}

	/** As `locate`, the values alone. */
	read(bytes: Uint8Array, offset = 0): Record<string, unknown> {
		return valuesOf(this.locate(bytes, offset));
	}

	/** Bits from the start to the field. */
	bitOf(name: keyof F): number {
		let bit = 0;
		for (const each in this.fields) {
			if (each === name) return bit;
			bit += this.fields[each]!.bits;
		}
		return bit;
	}
}

export function valuesOf(located: Readonly<Record<string, Located>>): Record<string, unknown> {
	return Object.fromEntries(Object.entries(located).map(([name, { value }]) => [name, value]));
}
