// SPDX-License-Identifier: Apache-2.0
import { type Btf, membersOf } from "../package/btf/btf.js";
import { Bits, type JsonValue, jsonInteger } from "../package/btf/btf-value.js";
import type { ValueType } from "../package/btf/leaf.js";
import { leavesOf } from "../package/btf/leaves-of.js";
import { toHex } from "../packet/bytes.js";

/** Above this many bytes a value is shown as one row of digits. */
const maxLeaves = 1024;
const maxDepth = 32;

/** A value by paths as in `leavesOf`; untyped ones are a number or a row of digits. */
export function flatten(type: ValueType, bytes: Uint8Array): Map<string, JsonValue> {
	const flat = new Map<string, JsonValue>();
	try {
		if (type.variables)
			for (const [name, { id, offset }] of type.variables)
				collect(type, id, bytes, offset * 8, 0, `.${name}`, flat, 0);
		else if (type.types) collect(type, type.types.id, bytes, 0, 0, "", flat, 0);
		else flat.set("", untyped(type, bytes));
	} catch (error) {
		if (!(error instanceof TooMany)) throw error;
		return new Map([["", toHex(bytes)]]);
	}
	return flat;
}

class TooMany extends Error {}

function untyped(type: ValueType, bytes: Uint8Array): JsonValue {
	if (![1, 2, 4, 8].includes(bytes.length)) return toHex(bytes);
	return jsonInteger(new Bits(bytes, type.littleEndian).read(0, bytes.length * 8, false));
}

function collect(
	type: ValueType,
	id: number,
	bytes: Uint8Array,
	bit: number,
	bitSize: number,
	path: string,
	flat: Map<string, JsonValue>,
	depth: number,
): void {
	const btf = type.types?.btf;
	if (!btf || flat.size >= maxLeaves || depth > maxDepth) throw new TooMany();
	const resolved = btf.resolve(id);
	const found = btf.type(resolved);
	switch (found.kind) {
		case "struct":
			for (const [name, member] of membersOf(btf, resolved))
				collect(
					type,
					member.type,
					bytes,
					bit + member.bitOffset,
					member.bitSize,
					`${path}.${name}`,
					flat,
					depth + 1,
				);
			break;
		case "array": {
			const size = btf.sizeOf(found.type);
			const element = btf.type(btf.resolve(found.type));
			if (element.kind === "int" && element.size === 1) {
				const row = bytes.subarray(bit / 8, bit / 8 + found.count);
				flat.set(path, element.name === "char" ? text(row) : toHex(row));
				break;
			}
			for (let index = 0; index < found.count; index++)
				collect(type, found.type, bytes, bit + index * size * 8, 0, `${path}[${index}]`, flat, depth + 1);
			break;
		}
		case "int":
		case "enum":
		case "enum64": {
			const little = bitSize ? type.littleEndian : isLittleEndian(type, id);
			const bits = bitSize || (found.kind === "int" ? found.bits : found.size * 8);
			const start = bit + (found.kind === "int" ? found.offset : 0);
			const bitsOf = new Bits(bytes, little);
			if (!bitsOf.has(start, bits)) throw new TooMany();
			const value = bitsOf.read(start, bits, found.signed);
			const name = found.kind === "int" ? undefined : found.values.find((each) => each.value === value)?.name;
			flat.set(path, found.kind === "int" && found.bool ? value !== 0n : (name ?? jsonInteger(value)));
			break;
		}
		default: {
			// Unions, pointers and what else has no one reading.
			const size = found.kind === "void" || found.kind === "func_proto" ? 0 : btf.sizeOf(resolved);
			flat.set(path, toHex(bytes.subarray(bit / 8, bit / 8 + size)));
		}
	}
}

/** By type id, for each BTF. */
const byteOrders = new WeakMap<Btf, Map<number, boolean>>();

/** How an integer of a type is read: as what `leavesOf` makes of a zero. */
function isLittleEndian({ littleEndian, types }: ValueType, id: number): boolean {
	if (!types) return littleEndian;
	const known = byteOrders.get(types.btf) ?? new Map<number, boolean>();
	byteOrders.set(types.btf, known);
	let little = known.get(id);
	if (little === undefined) {
		const { btf } = types;
		const [leaf] = leavesOf({ size: btf.sizeOf(id), littleEndian, types: { btf, id } }, 0, nowhere, "given");
		little = leaf?.kind === "integer" ? leaf.littleEndian : littleEndian;
		known.set(id, little);
	}
	return little;
}

const nowhere = { file: "", pointer: "" };

function text(bytes: Uint8Array): string {
	const end = bytes.indexOf(0);
	return end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)
		? toHex(bytes)
		: Buffer.from(bytes).toString("utf8").replace(/\0+$/, "");
}
