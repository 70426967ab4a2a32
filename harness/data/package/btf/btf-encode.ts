// SPDX-License-Identifier: Apache-2.0

import { InputError, type Place } from "../../../base/errors.js";
import { shown } from "../../../base/printable.js";
import { type Btf, type BtfType, membersOf } from "./btf.js";
import { Bits, escapePointer, integerOf } from "./btf-value.js";

/**
 * Writes `value` as a type over `bytes` from `offset` on: what it does not name stays.
 *
 * Integers are numbers or strings (`"0xffffffffffffffff"`), `bool` true or false, enumerations
 * names or numbers, arrays of one-byte integers also text (UTF-8, zero-filled), structs objects by
 * member (those of anonymous members as if they were the struct's own), unions objects of one
 * member.
 *
 * @throws InputError when the value is not of that type or does not fit
 */
export function encodeInto(
	btf: Btf,
	id: number,
	value: unknown,
	bytes: Uint8Array,
	offset: number,
	{ file, pointer }: Place,
): void {
	new Encoder(btf, bytes, file).put({ id, bit: offset * 8, bitSize: 0, pointer }, value);
}

/** Where a part of the value goes. */
interface Slot {
	id: number;
	bit: number;
	/** Of a bit field; 0 when it is none. */
	bitSize: number;
	/** JSON pointer of the part. */
	pointer: string;
}

/** Types of an object may contradict themselves: nothing is written outside of `bytes`. */
class Encoder {
	readonly #bits: Bits;

	constructor(
		readonly btf: Btf,
		readonly bytes: Uint8Array,
		readonly file: string,
	) {
		this.#bits = new Bits(bytes, btf.littleEndian);
	}

	put(slot: Slot, value: unknown): void {
		const id = this.btf.resolve(slot.id);
		switch (this.btf.kind(id)) {
			case "struct":
			case "union":
				this.#composite(slot, id, value);
				break;
			case "array":
				this.#array(slot, id, value);
				break;
			case "ptr":
				throw this.#fail(slot, `a ${this.btf.spell(slot.id)} is a pointer, which cannot be set`);
			default:
				this.#scalar(slot, this.btf.type(id), value);
		}
	}

	#scalar(slot: Slot, type: BtfType, value: unknown): void {
		const { bit, bitSize } = slot;
		switch (type.kind) {
			case "int": {
				if (type.bool) {
					if (typeof value !== "boolean") throw this.#mismatch(slot, value, "true or false");
					this.#integer(slot, bit, bitSize || type.size * 8, false, value ? 1n : 0n);
					break;
				}
				const number = integerOf(value);
				if (number === undefined)
					throw this.#mismatch(slot, value, "an integer (large ones as a string of digits)");
				this.#integer(slot, bit + type.offset, bitSize || type.bits, type.signed, number);
				break;
			}
			case "enum":
			case "enum64": {
				const { values } = type;
				const number = values.find(({ name }) => name === value)?.value ?? integerOf(value);
				if (number === undefined) {
					const names = shortList(values.map(({ name }) => name));
					throw this.#mismatch(slot, value, `one of ${names} or a number`);
				}
				this.#integer(slot, bit, bitSize || type.size * 8, type.signed, number);
				break;
			}
			case "float": {
				if (typeof value !== "number") throw this.#mismatch(slot, value, "a number");
				if (type.size !== 4 && type.size !== 8)
					throw this.#fail(slot, `floating point of ${type.size} bytes cannot be set`);
				this.#need(slot, bit, type.size * 8);
				const view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
				if (type.size === 4) view.setFloat32(bit / 8, value, this.btf.littleEndian);
				else view.setFloat64(bit / 8, value, this.btf.littleEndian);
				break;
			}
			default:
				throw this.#fail(slot, `a value of type ${this.btf.spell(slot.id)} cannot be set`);
		}
	}

	#integer(slot: Slot, bit: number, count: number, signed: boolean, value: bigint): void {
		const least = signed ? -(1n << BigInt(Math.max(count - 1, 0))) : 0n;
		const most = (1n << BigInt(Math.max(signed ? count - 1 : count, 0))) - 1n;
		if (value < least || value > most) {
			const type = `${this.btf.spell(slot.id)}${slot.bitSize ? `:${slot.bitSize}` : ""}`;
			throw this.#fail(slot, `${value} does not fit in ${type} (${least} to ${most})`);
		}
		this.#need(slot, bit, count);
		this.#bits.write(bit, count, value);
	}

	#array(slot: Slot, id: number, value: unknown): void {
		const { btf } = this;
		const type = btf.type(id);
		if (type.kind !== "array") return;
		const spelled = btf.spell(id);
		if (typeof value === "string") {
			const element = btf.type(btf.resolve(type.type));
			if (element.kind !== "int" || element.size !== 1 || element.bool)
				throw this.#mismatch(slot, value, "a list");
			const text = Buffer.from(value, "utf8");
			if (text.length > type.count)
				throw this.#fail(slot, `the text takes ${text.length} bytes but ${spelled} has ${type.count}`);
			this.#need(slot, slot.bit, type.count * 8);
			this.bytes.fill(0, slot.bit / 8, slot.bit / 8 + type.count);
			this.bytes.set(text, slot.bit / 8);
			return;
		}
		if (!Array.isArray(value)) throw this.#mismatch(slot, value, "a list");
		if (value.length > type.count)
			throw this.#fail(slot, `has ${value.length} elements but ${spelled} holds ${type.count}`);
		const size = btf.sizeOf(type.type);
		for (const [index, element] of value.entries()) {
			const bit = slot.bit + index * size * 8;
			this.put({ id: type.type, bit, bitSize: 0, pointer: `${slot.pointer}/${index}` }, element);
		}
	}

	#composite(slot: Slot, id: number, value: unknown): void {
		if (typeof value !== "object" || value === null || Array.isArray(value))
			throw this.#mismatch(slot, value, "an object");
		const entries = Object.entries(value);
		if (this.btf.kind(id) === "union" && entries.length !== 1)
			throw this.#fail(
				slot,
				`gives ${entries.length} members of ${this.btf.spell(id)}; expected exactly one`,
			);
		const members = membersOf(this.btf, id);
		for (const [name, part] of entries) {
			const member = members.get(name);
			if (!member) {
				const has = `it has ${shortList([...members.keys()])}`;
				throw this.#fail(slot, `${this.btf.spell(id)} has no member ${JSON.stringify(name)}; ${has}`);
			}
			const { type, bitOffset, bitSize } = member;
			const pointer = `${slot.pointer}/${escapePointer(name)}`;
			this.put({ id: type, bit: slot.bit + bitOffset, bitSize, pointer }, part);
		}
	}

	#need(slot: Slot, bit: number, count: number): void {
		if (!this.#bits.has(bit, count))
			throw this.#fail(slot, `the BTF puts it at bit ${bit} of ${this.bytes.length} bytes`);
	}

	#fail(slot: Slot, reason: string): InputError {
		return new InputError(this.file, slot.pointer, reason);
	}

	#mismatch(slot: Slot, value: unknown, wanted: string): InputError {
		return this.#fail(slot, `${shown(value)} does not fit ${this.btf.spell(slot.id)}; expected ${wanted}`);
	}
}

function shortList(names: string[]): string {
	return names.length <= 8
		? names.join(", ")
		: `${names.slice(0, 8).join(", ")} and ${names.length - 8} more`;
}
