// SPDX-License-Identifier: Apache-2.0
import { InputError } from "../../../base/errors.js";
import type { Btf } from "./btf.js";
import { Bits, type JsonValue, jsonInteger } from "./btf-value.js";

const maxDepth = 64;
const maxValues = 1_000_000;

/**
 * JSON of what stands at the beginning of `bytes`: what `encodeValue` takes, but pointers become
 * `"0x…"` and of a union all members are given. Text stops at its NUL.
 *
 * @throws InputError when the type has no values, or its members do not lie inside of it
 */
export function decodeValue(btf: Btf, id: number, bytes: Uint8Array): JsonValue {
	const size = btf.sizeOf(id);
	if (size > bytes.length)
		throw new InputError(btf.file, `BTF type ${id}`, `takes ${size} bytes but the value has ${bytes.length}`);
	return new Decoder(btf, bytes).get(id, 0, 0, 0);
}

class Decoder {
	readonly #bits: Bits;
	#left = maxValues;

	constructor(
		readonly btf: Btf,
		readonly bytes: Uint8Array,
	) {
		this.#bits = new Bits(bytes, btf.littleEndian);
	}

	get(id: number, bit: number, bitSize: number, depth: number): JsonValue {
		const { btf, bytes } = this;
		const fail = (reason: string) => new InputError(btf.file, `BTF type ${id}`, reason);
		if (depth > maxDepth || this.#left-- <= 0) throw fail("nests too deeply or holds too many values");
		const read = (at: number, count: number, signed: boolean) => {
			if (!this.#bits.has(at, count)) throw fail(`lies at bit ${at} of ${bytes.length} bytes`);
			return this.#bits.read(at, count, signed);
		};
		const type = btf.type(btf.resolve(id));
		switch (type.kind) {
			case "int": {
				const value = read(bit + type.offset, bitSize || type.bits, type.signed);
				return type.bool ? value !== 0n : jsonInteger(value);
			}
			case "enum":
			case "enum64": {
				const value = read(bit, bitSize || type.size * 8, type.signed);
				return type.values.find((candidate) => candidate.value === value)?.name ?? jsonInteger(value);
			}
			case "ptr":
				return `0x${read(bit, 64, false).toString(16)}`;
			case "float": {
				if (type.size !== 4 && type.size !== 8) throw fail(`is floating point of ${type.size} bytes`);
				read(bit, type.size * 8, false);
				const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
				return type.size === 4
					? view.getFloat32(bit / 8, btf.littleEndian)
					: view.getFloat64(bit / 8, btf.littleEndian);
			}
			case "array": {
				const size = btf.sizeOf(type.type);
				if (size === 0) return [];
				if (!this.#bits.has(bit, type.count * size * 8))
					throw fail(`has ${type.count} elements, which is too many`);
				if (btf.name(btf.resolve(type.type)) === "char") {
					const text = textOf(bytes.subarray(bit / 8, bit / 8 + type.count));
					if (text !== undefined) return text;
				}
				return Array.from({ length: type.count }, (_, index) =>
					this.get(type.type, bit + index * size * 8, 0, depth + 1),
				);
			}
			case "struct":
			case "union": {
				const entries = type.members.flatMap((member): [string, JsonValue][] => {
					const value = this.get(member.type, bit + member.bitOffset, member.bitSize, depth + 1);
					if (member.name !== "") return [[member.name, value]];
					return typeof value === "object" && value !== null ? Object.entries(value) : [];
				});
				return Object.fromEntries(entries);
			}
			default:
				throw fail(`is ${type.kind}, which has no value`);
		}
	}
}

/** Text up to a NUL after which everything is zero; undefined when it is no such text. */
function textOf(bytes: Uint8Array): string | undefined {
	const end = bytes.indexOf(0);
	if (end >= 0 && bytes.subarray(end).some((byte) => byte !== 0)) return undefined;
	const text = end < 0 ? bytes : bytes.subarray(0, end);
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
	} catch {
		return undefined;
	}
}
