// SPDX-License-Identifier: Apache-2.0

import { InputError, type Place } from "../../../base/errors.js";
import { shown } from "../../../base/printable.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "../../packet/address.js";
import { fromHex, toHex } from "../../packet/bytes.js";
import { type Btf, membersOf } from "./btf.js";
import { escapePointer, type JsonValue, jsonInteger } from "./btf-value.js";
import { integerRange, type Purpose, writtenInteger } from "./integer-value.js";
import type { Leaf, ValueType } from "./leaf.js";

/**
 * The parts of a type that `value` names; what it does not name stays.
 *
 * Integers are numbers, strings of digits (`"0xffffffffffffffff"`), enumerators of any enum of the
 * object, `XDP_DROP` and its like, or `{ "be": 443 }` when kept in network order (`__be16`,
 * `__be32` and `__be64` are without it); `_Bool` also true or false. Arrays of one-byte integers
 * are lists or text (UTF-8, zero-filled), structs objects by member (those of anonymous members as
 * if they were the struct's own), unions objects of one member. Anything can be `{ "hex": "…" }`,
 * and of 4, 6 and 16 bytes an IPv4, MAC and IPv6 address.
 * @throws InputError with the pointer of what does not fit
 */
export function leavesOf(type: ValueType, value: unknown, place: Place, purpose: Purpose): Leaf[] {
	const leaves: Leaf[] = [];
	new Walker(type, place.file, purpose, leaves).top(value, place.pointer);
	return leaves;
}

interface Slot {
	id: number;
	bit: number;
	/** Of a bit field; 0 when it is none. */
	bitSize: number;
	path: string;
	pointer: string;
}

const bigEndianTypes = new Set(["__be16", "__be32", "__be64"]);

class Walker {
	readonly #btf: Btf | undefined;

	constructor(
		readonly type: ValueType,
		readonly file: string,
		readonly purpose: Purpose,
		readonly leaves: Leaf[],
	) {
		this.#btf = type.types?.btf;
	}

	top(value: unknown, pointer: string): void {
		const { size, types, variables } = this.type;
		const whole = { id: types?.id ?? 0, bit: 0, bitSize: 0, path: "", pointer };
		if (this.#hex(whole, size, value)) return;
		if (variables) this.#variables(whole, variables, value);
		else if (types) this.#put(whole, value);
		else this.#untyped(whole, size, value);
	}

	#variables(slot: Slot, variables: NonNullable<ValueType["variables"]>, value: unknown): void {
		if (typeof value !== "object" || value === null || Array.isArray(value))
			throw this.#mismatch(slot, value, "set of variables", "an object by variable name");
		for (const [name, part] of Object.entries(value)) {
			const variable = variables.get(name);
			if (!variable)
				throw this.#fail(
					slot,
					`there is no variable ${JSON.stringify(name)}; there ${isAre(variables.keys())}`,
				);
			const pointer = `${slot.pointer}/${escapePointer(name)}`;
			this.#put({ id: variable.id, bit: variable.offset * 8, bitSize: 0, path: `.${name}`, pointer }, part);
		}
	}

	/** Without a type: an integer of the size that there is, or an address. */
	#untyped(slot: Slot, size: number, value: unknown): void {
		if (this.#address(slot, size, value)) return;
		if (![1, 2, 4, 8].includes(size) || !writtenInteger(value, this.purpose, this.#btf))
			throw this.#mismatch(
				slot,
				value,
				`value of ${size} bytes without a type`,
				[1, 2, 4, 8].includes(size) ? "an integer or hex" : 'hex: { "hex": "…" }',
			);
		this.#integer(slot, size * 8, false, this.type.littleEndian, value, `${size} bytes`);
	}

	#put(slot: Slot, value: unknown): void {
		const btf = this.#btf!;
		const { id, bigEndian } = this.#resolve(slot.id);
		const type = btf.type(id);
		const spelled = `${btf.spell(slot.id)}${slot.bitSize ? `:${slot.bitSize}` : ""}`;
		if (slot.bitSize === 0) {
			const size = type.kind === "void" ? 0 : btf.sizeOf(id);
			if (this.#hex(slot, size, value) || (!isText(btf, id) && this.#address(slot, size, value))) return;
		}
		switch (type.kind) {
			case "struct":
			case "union":
				this.#composite(slot, id, value, spelled);
				break;
			case "array":
				this.#array(slot, type, value, spelled);
				break;
			case "int": {
				const bits = slot.bitSize || type.bits;
				const at = { ...slot, bit: slot.bit + type.offset };
				const little = this.type.littleEndian && !bigEndian;
				if (type.bool && typeof value === "boolean") this.#bool(at, bits, value);
				else if (type.bool && this.purpose === "constant")
					throw this.#mismatch(slot, value, spelled, "true or false");
				else this.#integer(at, bits, type.signed, little, value, spelled);
				break;
			}
			case "enum":
			case "enum64": {
				const name = (number: bigint) =>
					type.values.find((candidate) => candidate.value === number)?.name ?? jsonInteger(number);
				const bits = slot.bitSize || type.size * 8;
				this.#integer(slot, bits, type.signed, this.type.littleEndian, value, spelled, name);
				break;
			}
			case "float":
				this.#float(slot, type.size, value, spelled);
				break;
			case "ptr":
				if (this.purpose !== "expected")
					throw this.#fail(slot, `a ${spelled} is a pointer, which cannot be written`);
				this.#integer(slot, 64, false, this.type.littleEndian, value, spelled);
				break;
			default:
				throw this.#fail(slot, `a value of type ${spelled} cannot be written`);
		}
	}

	/** What is beneath typedefs, and whether one of them says that it is in network order. */
	#resolve(from: number): { id: number; bigEndian: boolean } {
		const btf = this.#btf!;
		const end = btf.resolve(from);
		let bigEndian = false;
		for (let id = from; id !== end; ) {
			const type = btf.type(id);
			if (!("type" in type)) break;
			if (type.kind === "typedef" && bigEndianTypes.has(type.name)) bigEndian = true;
			id = type.type;
		}
		return { id: end, bigEndian };
	}

	#bool(slot: Slot, bits: number, value: boolean): void {
		const { path, pointer, bit } = this.#inside(slot, bits);
		this.leaves.push({
			path,
			pointer,
			kind: "integer",
			bit,
			bits,
			signed: false,
			littleEndian: this.type.littleEndian,
			value: value ? 1n : 0n,
			relative: false,
			spell: (number) => number !== 0n,
		});
	}

	#integer(
		slot: Slot,
		bits: number,
		signed: boolean,
		littleEndian: boolean,
		value: unknown,
		spelled: string,
		spell: (value: bigint) => JsonValue = jsonInteger,
	): void {
		const number = writtenInteger(value, this.purpose, this.#btf);
		if (!number)
			throw this.#mismatch(
				slot,
				value,
				spelled,
				"an integer (large ones as a string of digits) or a name of an enum",
			);
		const { least, most } = integerRange(bits, signed);
		if (!number.relative && (number.value < least || number.value > most))
			throw this.#fail(slot, `${number.value} does not fit into ${spelled} (${least} to ${most})`);
		// Spread into the literal, this took longer than all else of a map with many entries.
		const { path, pointer, bit } = this.#inside(slot, bits);
		this.leaves.push({
			path,
			pointer,
			kind: "integer",
			bit,
			bits,
			signed,
			littleEndian: littleEndian && !number.bigEndian,
			value: number.value,
			relative: number.relative,
			spell,
		});
	}

	#float(slot: Slot, size: number, value: unknown, spelled: string): void {
		if (typeof value !== "number") throw this.#mismatch(slot, value, spelled, "a number");
		if (size !== 4 && size !== 8) throw this.#fail(slot, `a ${spelled} of ${size} bytes cannot be written`);
		const little = this.type.littleEndian;
		const view = new DataView(new ArrayBuffer(size));
		if (size === 4) view.setFloat32(0, value, little);
		else view.setFloat64(0, value, little);
		this.#bytes(slot, new Uint8Array(view.buffer), (actual) => {
			const seen = new DataView(Uint8Array.from(actual).buffer);
			return size === 4 ? seen.getFloat32(0, little) : seen.getFloat64(0, little);
		});
	}

	/** An address as packets have it. */
	#address(slot: Slot, size: number, value: unknown): boolean {
		if (typeof value !== "string") return false;
		const bytes = addressBytes(size, value);
		if (!bytes) return false;
		this.#bytes(slot, bytes, (actual) => formatAddress(actual));
		return true;
	}

	#hex(slot: Slot, size: number, value: unknown): boolean {
		if (typeof value !== "object" || value === null || Object.keys(value).join() !== "hex") return false;
		const bytes = fromHex(String((value as { hex: unknown }).hex));
		if (!bytes) throw this.#fail(slot, "is not pairs of hexadecimal digits");
		if (bytes.length !== size) throw this.#fail(slot, `has ${bytes.length} bytes; ${size} are needed`);
		this.#bytes(slot, bytes, (actual) => ({ hex: toHex(actual) }));
		return true;
	}

	#bytes(slot: Slot, value: Uint8Array, spell: (bytes: Uint8Array) => JsonValue): void {
		const { path, pointer, bit } = this.#inside(slot, value.length * 8);
		this.leaves.push({ kind: "bytes", path, pointer, offset: bit / 8, value, spell });
	}

	#array(slot: Slot, type: { type: number; count: number }, value: unknown, spelled: string): void {
		const btf = this.#btf!;
		if (typeof value === "string") {
			const element = btf.type(btf.resolve(type.type));
			if (element.kind !== "int" || element.size !== 1 || element.bool)
				throw this.#mismatch(slot, value, spelled, "a list");
			const text = Buffer.from(value, "utf8");
			if (text.length > type.count)
				throw this.#fail(slot, `the text takes ${text.length} bytes but ${spelled} has ${type.count}`);
			const bytes = new Uint8Array(type.count);
			bytes.set(text);
			this.#bytes(slot, bytes, (actual) => Buffer.from(actual).toString("utf8").replace(/\0+$/, ""));
			return;
		}
		if (!Array.isArray(value)) throw this.#mismatch(slot, value, spelled, "a list");
		if (value.length > type.count)
			throw this.#fail(slot, `has ${value.length} elements but ${spelled} holds ${type.count}`);
		const size = btf.sizeOf(type.type);
		for (const [index, element] of value.entries()) {
			const part = { path: `${slot.path}[${index}]`, pointer: `${slot.pointer}/${index}` };
			this.#put({ id: type.type, bit: slot.bit + index * size * 8, bitSize: 0, ...part }, element);
		}
	}

	#composite(slot: Slot, id: number, value: unknown, spelled: string): void {
		const btf = this.#btf!;
		if (typeof value !== "object" || value === null || Array.isArray(value))
			throw this.#mismatch(slot, value, spelled, "an object");
		const entries = Object.entries(value);
		if (btf.kind(id) === "union" && this.purpose !== "expected" && entries.length !== 1)
			throw this.#fail(slot, `gives ${entries.length} members of ${spelled}; expected exactly one`);
		const members = membersOf(btf, id);
		for (const [name, part] of entries) {
			const member = members.get(name);
			if (!member)
				throw this.#fail(
					slot,
					`${spelled} has no member ${JSON.stringify(name)}; there ${isAre(members.keys())}`,
				);
			this.#put(
				{
					id: member.type,
					bit: slot.bit + member.bitOffset,
					bitSize: member.bitSize,
					path: `${slot.path}.${name}`,
					pointer: `${slot.pointer}/${escapePointer(name)}`,
				},
				part,
			);
		}
	}

	/** Types of an object may contradict themselves: nothing lies outside of the value. */
	#inside(slot: Slot, bits: number): { path: string; pointer: string; bit: number } {
		const { path, pointer, bit } = slot;
		if (bits < 1 || bit < 0 || bit + bits > this.type.size * 8)
			throw this.#fail(slot, `the BTF puts it at bit ${bit} of ${this.type.size} bytes`);
		return { path, pointer, bit };
	}

	#fail(slot: Slot, reason: string): InputError {
		return new InputError(this.file, slot.pointer, reason);
	}

	#mismatch(slot: Slot, value: unknown, spelled: string, wanted: string): InputError {
		return this.#fail(slot, `${shown(value)} does not fit ${spelled}; expected ${wanted}`);
	}
}

/** Of `char`, whatever its size: text even where it looks like an address. */
function isText(btf: Btf, id: number): boolean {
	const type = btf.type(id);
	return type.kind === "array" && btf.name(btf.resolve(type.type)) === "char";
}

function isAre(names: Iterable<string>): string {
	const all = [...names];
	if (all.length === 0) return "have no bytes";
	const some = all.slice(0, 8).join(", ");
	return `${all.length === 1 ? "is" : "are"} ${some}${all.length > 8 ? ` and ${all.length - 8} more` : ""}`;
}

/** An address in a value of that many bytes, in packet order; undefined when it is none. */
function addressBytes(size: number, text: string): Uint8Array | undefined {
	const parse = { 4: parseIpv4, 6: parseMac, 16: parseIpv6 }[size];
	return parse?.(text);
}

function formatAddress(bytes: Uint8Array): string {
	switch (bytes.length) {
		case 4:
			return formatIpv4(bytes);
		case 6:
			return formatMac(bytes);
		default:
			return formatIpv6(bytes);
	}
}
