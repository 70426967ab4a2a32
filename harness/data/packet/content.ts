// SPDX-License-Identifier: Apache-2.0

import { type Static, Type } from "@sinclair/typebox";
import { InputError, type Place, within } from "../../base/errors.js";
import { shown } from "../../base/printable.js";
import { fromHex, toHex } from "./bytes.js";

/** The longest packet that is built: the largest IP datagram and room for headers around it. */
export const maxPacket = 0x20000;

const closed = { additionalProperties: false };
/** Bytes as `fromHex` reads them; some millions of digits exhaust the stack of the pattern. */
export const Hex = Type.String({
	maxLength: 8 * maxPacket,
	pattern: "^([\\s:]*[0-9a-fA-F]{2})*[\\s:]*$",
	description: "pairs of hexadecimal digits",
});
const Length = Type.Integer({ minimum: 0, maximum: maxPacket });

/** Bytes that no layer gives a meaning to. */
export const Content = Type.Union(
	[
		Hex,
		Type.Object({ text: Type.String({ description: "UTF-8" }) }, closed),
		Type.Object(
			{
				hex: Hex,
				repeat: Type.Optional(
					Type.Integer({ minimum: 0, maximum: maxPacket, description: "times", default: 1 }),
				),
			},
			closed,
		),
		Type.Object(
			{
				length: Length,
				byte: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: "each byte", default: 0 })),
			},
			closed,
		),
		Type.Object(
			{
				length: Length,
				seed: Type.Integer({
					minimum: 0,
					maximum: 0xffffffff,
					description: "random bytes, the same for a seed",
				}),
			},
			closed,
		),
	],
	{
		description: "bytes: hexadecimal digits, text, a repeated pattern, a length of one byte, or random ones",
	},
);
export type Content = Static<typeof Content>;

/** @throws InputError */
export function contentBytes(content: unknown, place: Place): Uint8Array {
	const fail = (reason: string, key?: string) =>
		new InputError(place.file, key === undefined ? place.pointer : within(place, key).pointer, reason);
	const digits = (value: unknown, key?: string) => {
		const bytes = typeof value === "string" ? fromHex(value) : undefined;
		if (!bytes) throw fail(`${shown(value)} is not pairs of hexadecimal digits`, key);
		return bytes;
	};
	if (typeof content === "string") return digits(content);
	if (typeof content !== "object" || content === null || Array.isArray(content))
		throw fail(`${shown(content)} is not content; expected hexadecimal digits or an object`);
	const form = Object.keys(content).sort().join();
	const { text, hex, repeat = 1, length, byte = 0, seed }: Record<string, unknown> = { ...content };
	const number = (value: unknown, max: number, key: string) => {
		if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max)
			throw fail(`${shown(value)} is not a number from 0 to ${max}`, key);
		return value;
	};
	switch (form) {
		case "text":
			if (typeof text !== "string") throw fail(`${shown(text)} is not text`, "text");
			return new TextEncoder().encode(text);
		case "hex":
		case "hex,repeat": {
			const pattern = digits(hex, "hex");
			const times = number(repeat, maxPacket, "repeat");
			if (pattern.length * times > maxPacket) throw fail(`makes more than ${maxPacket} bytes`, "repeat");
			const bytes = new Uint8Array(pattern.length * times);
			for (let index = 0; index < times; index++) bytes.set(pattern, index * pattern.length);
			return bytes;
		}
		case "length":
		case "byte,length":
			return new Uint8Array(number(length, maxPacket, "length")).fill(number(byte, 255, "byte"));
		case "length,seed":
			return randomBytes(number(length, maxPacket, "length"), number(seed, 0xffffffff, "seed"));
		default:
			throw fail(
				`has the keys ${form || "of nothing"}; text, hex and repeat, length and byte, or length and seed are`,
			);
	}
}

/** The shortest form that is read as the bytes: digits, or a length of one repeated byte. */
export function contentOf(bytes: Uint8Array): Content {
	const byte = bytes[0];
	if (byte !== undefined && bytes.length > 32 && bytes.every((each) => each === byte))
		return byte === 0 ? { length: bytes.length } : { length: bytes.length, byte };
	return toHex(bytes);
}

/** Mulberry32, its lowest bytes: part of the format, never to be changed. */
function randomBytes(length: number, seed: number): Uint8Array {
	let state = seed;
	return Uint8Array.from({ length }, () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return (mixed ^ (mixed >>> 14)) & 0xff;
	});
}
