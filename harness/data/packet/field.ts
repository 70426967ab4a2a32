// SPDX-License-Identifier: Apache-2.0

import { type TSchema, Type } from "@sinclair/typebox";
import { shown } from "../../base/printable.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./address.js";
import { fromHex, readBits, toHex, writeBits } from "./bytes.js";

/** One field of a header: its bits, and how a vector file writes them. */
export interface Field<T = unknown> {
	readonly bits: number;
	readonly schema: TSchema;
	/** What is written when nothing is given; undefined when the layer computes it. */
	readonly fallback: T | undefined;
	/** Writes `value`, or says why it cannot. */
	put(bytes: Uint8Array, bit: number, value: unknown): string | undefined;
	/** The value in its one canonical spelling. */
	get(bytes: Uint8Array, bit: number): T;
}

/** Numbers may be written as JSON numbers or, as headers are documented, as `"0x0800"`. */
export type Numeric = number | string;

function describe(description: string, fallback: unknown): { description: string; default?: unknown } {
	return fallback === undefined
		? { description: `${description}; computed unless given` }
		: { description, default: fallback };
}

const numericSchemas = (bits: number) => [
	Type.Integer({ minimum: 0, maximum: 2 ** bits - 1 }),
	Type.String({ pattern: `^0[xX][0-9a-fA-F]{1,${Math.ceil(bits / 4)}}$` }),
];

function putNumber(bytes: Uint8Array, bit: number, bits: number, value: unknown): string | undefined {
	const hex = typeof value === "string" && /^0x[0-9a-f]{1,16}$/i.test(value);
	const number = hex ? Number(value) : value;
	if (typeof number !== "number" || !Number.isInteger(number))
		return `${shown(value)} is not a number from 0 to ${2 ** bits - 1}`;
	if (number < 0 || number >= 2 ** bits) return `${shown(value)} does not fit into ${bits} bits`;
	writeBits(bytes, bit, bits, number);
	return undefined;
}

/** An unsigned integer of up to 32 bits, read as a number. */
export function uint(bits: number, description: string, fallback?: number): Field<Numeric> {
	return {
		bits,
		schema: Type.Union(numericSchemas(bits), describe(description, fallback)),
		fallback,
		put: (bytes, bit, value) => putNumber(bytes, bit, bits, value),
		get: (bytes, bit) => readBits(bytes, bit, bits),
	};
}

/** As `uint`, read as hexadecimal digits: checksums and magic numbers. */
export function hexadecimal(bits: number, description: string, fallback?: string): Field<Numeric> {
	return {
		...uint(bits, description),
		schema: Type.Union(numericSchemas(bits), describe(description, fallback)),
		fallback,
		get: (bytes, bit) =>
			`0x${readBits(bytes, bit, bits)
				.toString(16)
				.padStart(Math.ceil(bits / 4), "0")}`,
	};
}

/** As `number`, its well-known values by name. */
export function named(names: Readonly<Record<string, number>>, number: Field<Numeric>): Field<Numeric> {
	const byNumber = new Map(Object.entries(names).map(([name, value]) => [value, name]));
	const { bits, schema } = number;
	const field: Field<Numeric> = {
		bits,
		schema: Type.Unsafe<Numeric>({
			...schema,
			anyOf: [{ type: "string", enum: Object.keys(names) }, ...numericSchemas(bits)],
		}),
		fallback: number.fallback,
		put(bytes, bit, value) {
			if (typeof value !== "string" || value.startsWith("0x")) return number.put(bytes, bit, value);
			if (Object.hasOwn(names, value)) return number.put(bytes, bit, names[value]);
			return `${shown(value)} is unknown; expected ${Object.keys(names).join(", ")} or a number`;
		},
		get: (bytes, bit) => byNumber.get(readBits(bytes, bit, bits)) ?? number.get(bytes, bit),
	};
	if (number.fallback === undefined) return field;
	const fallback = byNumber.get(Number(number.fallback)) ?? number.fallback;
	return { ...field, fallback, schema: { ...field.schema, default: fallback } };
}

/** One bit for each name, the first name for the lowest bit. A list of those that are set. */
export function flags(names: readonly string[], description: string, fallback?: string[]): Field<string[]> {
	const bits = names.length;
	return {
		bits,
		schema: Type.Array(
			Type.Unsafe<string>({ type: "string", enum: [...names] }),
			describe(description, fallback),
		),
		fallback,
		put(bytes, bit, value) {
			if (!Array.isArray(value))
				return `${shown(value)} is not a list of flags; expected some of ${names.join(", ")}`;
			let number = 0;
			for (const name of value) {
				const index = names.indexOf(name);
				if (index < 0) return `${shown(name)} is not a flag; expected one of ${names.join(", ")}`;
				number |= 1 << index;
			}
			writeBits(bytes, bit, bits, number);
			return undefined;
		},
		get(bytes, bit) {
			const number = readBits(bytes, bit, bits);
			return names.filter((_, index) => number & (1 << index));
		},
	};
}

/** A field of whole bytes on a byte boundary that is written as text. */
function text(
	size: number,
	what: string,
	parse: (text: string) => Uint8Array | undefined,
	format: (bytes: Uint8Array) => string,
	description: string,
	fallback: string | undefined,
): Field<string> {
	return {
		bits: size * 8,
		schema: Type.String(describe(description, fallback)),
		fallback,
		put(bytes, bit, value) {
			const parsed = typeof value === "string" ? parse(value) : undefined;
			if (!parsed) return `${shown(value)} is not ${what}`;
			if (parsed.length !== size) return `has ${parsed.length} bytes, expected ${size}`;
			bytes.set(parsed, bit / 8);
			return undefined;
		},
		get: (bytes, bit) => format(bytes.subarray(bit / 8, bit / 8 + size)),
	};
}

export const mac = (description: string, fallback?: string) =>
	text(6, "a MAC address (02:00:00:00:00:01)", parseMac, formatMac, description, fallback);

export const ipv4Address = (description: string, fallback?: string) =>
	text(4, "an IPv4 address", parseIpv4, formatIpv4, description, fallback);

export const ipv6Address = (description: string, fallback?: string) =>
	text(16, "an IPv6 address", parseIpv6, formatIpv6, description, fallback);

/** `size` bytes as hexadecimal digits; zero by default. */
export const octets = (size: number, description: string) =>
	text(size, "row of hexadecimal digits", fromHex, toHex, description, "00".repeat(size));

/** The canonical spelling of a value; the value itself when the field cannot have it. */
export function canonical(field: Field, value: unknown): unknown {
	const scratch = new Uint8Array(Math.ceil(field.bits / 8));
	return field.put(scratch, 0, value) === undefined ? field.get(scratch, 0) : value;
}
