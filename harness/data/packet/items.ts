// SPDX-License-Identifier: Apache-2.0

import { type TSchema, Type } from "@sinclair/typebox";
import { InputError, type Place, within, wrong } from "../../base/errors.js";
import { shown } from "../../base/printable.js";
import { concat, equalBytes, toHex } from "./bytes.js";
import { Content, contentBytes, contentOf } from "./content.js";
import type { Field } from "./field.js";
import type { Layout } from "./layout.js";

/** How one value of variable length is written in a file and in bytes. */
export interface Codec {
	schema: TSchema;
	/** @throws InputError */
	encode(value: unknown, place: Place): Uint8Array;
	/** The value of all of `bytes`; undefined when they are not such a value. */
	decode(bytes: Uint8Array): unknown;
}

/** One option, chunk or other item of a list. */
export interface Form {
	/** Of the value; undefined for an item that is a bare word. */
	schema: TSchema | undefined;
	encode(value: unknown, place: Place): Uint8Array;
	/** The item at the start of `bytes` and its bytes; undefined when another is there. */
	decode(bytes: Uint8Array): { value: unknown; size: number } | undefined;
}

const maxItems = 1024;

/** The value of one field, as itself. */
export function one(field: Field): Codec {
	const size = field.bits / 8;
	return {
		schema: field.schema,
		encode(value, { file, pointer }) {
			const bytes = new Uint8Array(size);
			const wrong = field.put(bytes, 0, value);
			if (wrong) throw new InputError(file, pointer, wrong);
			return bytes;
		},
		decode: (bytes) => (bytes.length === size ? field.get(bytes, 0) : undefined),
	};
}

/** Values one after another. */
export function listOf(codec: Codec, size: number, description: string): Codec {
	return {
		schema: Type.Array(codec.schema, { description }),
		encode(value, place) {
			if (!Array.isArray(value)) throw wrong(place, `${shown(value)} is not a list`);
			return concat(...value.map((each, index) => codec.encode(each, within(place, index))));
		},
		decode(bytes) {
			if (bytes.length % size !== 0) return undefined;
			return Array.from({ length: bytes.length / size }, (_, index) =>
				codec.decode(bytes.subarray(index * size, (index + 1) * size)),
			);
		},
	};
}

/** An object of the layout's fields; of `rest`, when given, those bytes that follow them. */
export function record(layout: Layout, rest?: { name: string; codec: Codec }): Codec {
	const names = [...Object.keys(layout.fields), ...(rest ? [rest.name] : [])];
	const properties = Object.entries(layout.fields).map(([name, { schema }]) => [name, Type.Optional(schema)]);
	if (rest) properties.push([rest.name, Type.Optional(rest.codec.schema)]);
	return {
		schema: Type.Object(Object.fromEntries(properties), { additionalProperties: false }),
		encode(value, place) {
			const given = recordValue(value, names, place);
			const more = rest ? given[rest.name] : undefined;
			const fixed = layout.write(given, place);
			return rest && more !== undefined
				? concat(fixed, rest.codec.encode(more, within(place, rest.name)))
				: fixed;
		},
		decode(bytes) {
			if (rest ? bytes.length < layout.size : bytes.length !== layout.size) return undefined;
			const more = bytes.subarray(layout.size);
			const values = layout.read(bytes);
			return rest && more.length > 0 ? { ...values, [rest.name]: rest.codec.decode(more) } : values;
		},
	};
}

/** @throws InputError when it is not an object or has other keys */
export function recordValue(
	value: unknown,
	names: readonly string[],
	{ file, pointer }: Place,
): Record<string, unknown> {
	if (typeof value !== "object" || value === null || Array.isArray(value))
		throw new InputError(file, pointer, `${shown(value)} is not an object of ${names.join(", ")}`);
	const other = Object.keys(value).find((key) => !names.includes(key));
	if (other !== undefined)
		throw new InputError(file, pointer, `has ${shown(other)}; ${names.join(", ")} are known`);
	return { ...value };
}

export const content: Codec = {
	schema: Content,
	encode: contentBytes,
	decode: contentOf,
};

/** An item of one byte, written as a word. */
export function bare(byte: number): Form {
	return {
		schema: undefined,
		encode: () => Uint8Array.of(byte),
		decode: (bytes) => (bytes[0] === byte ? { value: undefined, size: 1 } : undefined),
	};
}

/** How items of a list are framed: type, length, value. */
export interface Framing {
	/** Bytes in front of the value. */
	header: number;
	/** The whole item. */
	frame(type: number, value: Uint8Array): Uint8Array;
	/** Type, and size of the whole item by its header; undefined when that is not a size. */
	unframe(bytes: Uint8Array): { type: number; size: number } | undefined;
}

/** The item of one type. */
export function typed(framing: Framing, type: number, codec: Codec): Form {
	return {
		schema: codec.schema,
		encode: (value, place) => framing.frame(type, codec.encode(value, place)),
		decode(bytes) {
			const item = bytes.length >= framing.header ? framing.unframe(bytes) : undefined;
			if (item?.type !== type || item.size < framing.header || item.size > bytes.length) return undefined;
			const value = codec.decode(bytes.subarray(framing.header, item.size));
			return value === undefined ? undefined : { value, size: item.size };
		},
	};
}

/** The item of a type without a value, written as a word. */
export function word(framing: Framing, type: number): Form {
	const { encode, decode } = typed(framing, type, content);
	return {
		schema: undefined,
		encode: (_, place) => encode("", place),
		decode(bytes) {
			const item = decode(bytes);
			return item?.size === framing.header ? item : undefined;
		},
	};
}

/** An item of any type: an object of `layout`, with `length` computed by default, and `data`. */
export function general(
	layout: Layout,
	sizeOf: (values: Record<string, unknown>) => number,
	lengthOf: (size: number) => number,
): Form {
	const codec = record(layout, { name: "data", codec: content });
	return {
		schema: codec.schema,
		encode(value, place) {
			const given = recordValue(value, [...Object.keys(layout.fields), "data"], place);
			const data =
				given.data === undefined ? new Uint8Array() : contentBytes(given.data, within(place, "data"));
			return concat(layout.write(given, place, { length: lengthOf(layout.size + data.length) }), data);
		},
		decode(bytes) {
			if (bytes.length < layout.size) return undefined;
			const { length, ...values } = layout.read(bytes);
			const size = sizeOf({ length });
			if (size < layout.size || size > bytes.length) return undefined;
			const data = bytes.subarray(layout.size, size);
			return { value: data.length > 0 ? { ...values, data: contentOf(data) } : values, size };
		},
	};
}

/** A list of words and one-key objects; `{ "raw": … }` stands for bytes that are no item. */
export function items(
	forms: Readonly<Record<string, Form>>,
	description: string,
	pad: (size: number) => Uint8Array,
): Codec {
	const words = Object.keys(forms).filter((name) => !forms[name]!.schema);
	const all: Record<string, Form> = {
		...forms,
		raw: {
			schema: Content,
			encode: contentBytes,
			decode: (bytes) => ({ value: toHex(bytes), size: bytes.length }),
		},
	};
	const properties = Object.entries(all).flatMap(([name, { schema }]) =>
		schema ? [[name, Type.Optional(schema)] as const] : [],
	);
	const encode = (value: unknown, place: Place) => {
		if (!Array.isArray(value)) throw wrong(place, `${shown(value)} is not a list`);
		const plain = concat(...value.map((item, index) => encodeItem(all, item, within(place, index))));
		return concat(plain, pad(plain.length));
	};
	const object = Type.Object(Object.fromEntries(properties), {
		additionalProperties: false,
		minProperties: 1,
		maxProperties: 1,
	});
	const bareWords = words.length > 0 ? [Type.Unsafe<string>({ type: "string", enum: words })] : [];
	return {
		schema: Type.Array(Type.Union([...bareWords, object]), { description }),
		encode,
		decode(bytes) {
			const list = decodeItems(all, bytes);
			const nowhere = { file: "", pointer: "" };
			while (list.length > 0 && equalBytes(encode(list.slice(0, -1), nowhere), bytes)) list.pop();
			return list;
		},
	};
}

function encodeItem(forms: Readonly<Record<string, Form>>, item: unknown, place: Place): Uint8Array {
	const fail = (reason: string) => wrong(place, reason);
	const names = Object.keys(forms).join(", ");
	const entries: [string, unknown][] =
		typeof item === "string"
			? [[item, undefined]]
			: typeof item === "object" && item !== null
				? Object.entries(item)
				: [];
	const [entry] = entries;
	if (!entry || entries.length !== 1)
		throw fail(`${shown(item)} is not an item; expected a word or an object with one key, of ${names}`);
	const [name, value] = entry;
	const form = Object.hasOwn(forms, name) ? forms[name] : undefined;
	if (!form) throw fail(`there is no ${shown(name)}; ${names} are known`);
	if ((form.schema === undefined) !== (typeof item === "string"))
		throw fail(form.schema ? `${name} needs a value` : `${name} has no value: write "${name}"`);
	return form.encode(value, within(place, name));
}

/** Only what is encoded to the same bytes again is taken for an item. */
function decodeItems(forms: Readonly<Record<string, Form>>, bytes: Uint8Array): unknown[] {
	const list: unknown[] = [];
	const nowhere = { file: "", pointer: "" };
	for (let rest = bytes; rest.length > 0; ) {
		const crowded = list.length >= maxItems;
		for (const [name, form] of Object.entries(forms)) {
			if (crowded && name !== "raw") continue;
			const found = form.decode(rest);
			if (!found || !equalBytes(form.encode(found.value, nowhere), rest.subarray(0, found.size))) continue;
			list.push(form.schema ? { [name]: found.value } : name);
			rest = rest.subarray(found.size);
			break;
		}
	}
	return list;
}

/** Zeros up to a multiple of `unit`. */
export function zeroPad(unit: number): (size: number) => Uint8Array {
	return (size) => new Uint8Array((unit - (size % unit)) % unit);
}
