// SPDX-License-Identifier: Apache-2.0
import { type Btf, membersOf } from "../../package/btf/btf.js";
import { Bits, jsonInteger } from "../../package/btf/btf-value.js";
import type { ValueType } from "../../package/btf/leaf.js";
import { leavesOf } from "../../package/btf/leaves-of.js";
import { formatIpv4, formatIpv6, formatMac } from "../../packet/address.js";
import { equalBytes, toHex } from "../../packet/bytes.js";

/** What a counter grows by in one packet: a longer one has never been seen. */
const maxGrowth = 65_536n;
const maxDepth = 32;

/**
 * A value as a vector file has it, for each CPU; with `was` only the changed parts, integers that
 * grew by at most 65,536 as `"+1"`. Pointers and volatile parts are left out.
 * @param isVolatile of the path in the value: `.packets`, `[2]`; empty for the whole
 * @returns undefined when there is nothing to write
 */
export function recordedValue(
	type: ValueType,
	was: readonly Uint8Array[] | undefined,
	is: readonly Uint8Array[],
	isVolatile: (path: string) => boolean,
): unknown {
	return new Recorder(type, was, is, isVolatile).top();
}

interface Slot {
	id: number;
	bit: number;
	/** Of a bit field; 0 when it is none. */
	bitSize: number;
	path: string;
	depth: number;
}

interface Integer {
	bit: number;
	bits: number;
	signed: boolean;
	littleEndian: boolean;
}

class Recorder {
	constructor(
		readonly type: ValueType,
		readonly was: readonly Uint8Array[] | undefined,
		readonly is: readonly Uint8Array[],
		readonly isVolatile: (path: string) => boolean,
	) {}

	top(): unknown {
		const { types, variables, size, littleEndian } = this.type;
		if (variables) {
			const parts = [...variables].flatMap(([name, { id, offset }]) => {
				const slot = { id, bit: offset * 8, bitSize: 0, path: `.${name}`, depth: 0 };
				const part = types ? this.#part(types.btf, slot) : undefined;
				return part === undefined ? [] : [[name, part] as const];
			});
			return parts.length > 0 ? Object.fromEntries(parts) : undefined;
		}
		if (types) return this.#part(types.btf, { id: types.id, bit: 0, bitSize: 0, path: "", depth: 0 });
		if (this.isVolatile("")) return undefined;
		if (![1, 2, 4, 8].includes(size)) return this.#bytes(0, size, (bytes) => ({ hex: toHex(bytes) }));
		return this.#integer({ bit: 0, bits: size * 8, signed: false, littleEndian });
	}

	#part(btf: Btf, slot: Slot): unknown {
		if (this.isVolatile(slot.path) || slot.depth > maxDepth) return undefined;
		const id = btf.resolve(slot.id);
		const found = btf.type(id);
		switch (found.kind) {
			case "struct":
				return btf.name(id) === "in6_addr"
					? this.#bytes(slot.bit, 16, formatIpv6)
					: this.#struct(btf, id, slot);
			case "array":
				return this.#array(btf, found, slot);
			case "int": {
				const number = this.#numberOf(btf, slot, found.bits, found.offset, found.signed);
				if (number.littleEndian !== this.type.littleEndian)
					return number.bits === 32
						? this.#bytes(slot.bit, 4, formatIpv4)
						: this.#plain(number, (value) => jsonInteger(value));
				if (found.bool) return this.#plain(number, (value) => value !== 0n);
				return slot.bitSize > 0 ? this.#plain(number, jsonInteger) : this.#integer(number);
			}
			case "enum":
			case "enum64": {
				const named = (value: bigint) =>
					found.values.find((each) => each.value === value)?.name ?? jsonInteger(value);
				return this.#plain(this.#numberOf(btf, slot, found.size * 8, 0, found.signed), named);
			}
			case "union":
			case "float":
				return this.#bytes(slot.bit, btf.sizeOf(id), (bytes) => ({ hex: toHex(bytes) }));
			default:
				return undefined;
		}
	}

	#struct(btf: Btf, id: number, slot: Slot): unknown {
		const parts = [...membersOf(btf, id)].flatMap(([name, { type, bitOffset, bitSize }]) => {
			const part = this.#part(btf, {
				id: type,
				bit: slot.bit + bitOffset,
				bitSize,
				path: `${slot.path}.${name}`,
				depth: slot.depth + 1,
			});
			return part === undefined ? [] : [[name, part] as const];
		});
		return parts.length > 0 || !this.was ? Object.fromEntries(parts) : undefined;
	}

	/** Lists begin at the first element and end with the last that changed. */
	#array(btf: Btf, { type, count }: { type: number; count: number }, slot: Slot): unknown {
		const element = btf.type(btf.resolve(type));
		const size = btf.sizeOf(type);
		if (element.kind === "int" && element.size === 1) {
			const spell = element.name === "char" ? textOrHex : count === 6 ? formatMac : hexOf;
			return this.#bytes(slot.bit, count, spell);
		}
		const at = (index: number): Slot => ({
			id: type,
			bit: slot.bit + index * size * 8,
			bitSize: 0,
			path: `${slot.path}[${index}]`,
			depth: slot.depth + 1,
		});
		const parts = Array.from({ length: count }, (_, index) => this.#part(btf, at(index)));
		const end = parts.findLastIndex((part) => part !== undefined) + 1;
		const composite = element.kind === "struct" || element.kind === "array";
		const list: unknown[] = [];
		for (const [index, part] of parts.slice(0, end).entries()) {
			const filled = part ?? (composite ? blank(element.kind) : this.#whole(btf, at(index)));
			if (filled === undefined) break;
			list.push(filled);
		}
		return list.length > 0 ? list : undefined;
	}

	/** An element that did not change, before one that did. */
	#whole(btf: Btf, slot: Slot): unknown {
		return new Recorder(this.type, undefined, this.is, this.isVolatile).#part(btf, slot);
	}

	/** What leavesOf makes of a zero here is how it is read. */
	#numberOf(btf: Btf, slot: Slot, bits: number, offset: number, signed: boolean): Integer {
		const { littleEndian } = this.type;
		if (slot.bitSize > 0) return { bit: slot.bit, bits: slot.bitSize, signed, littleEndian };
		const type = { size: btf.sizeOf(slot.id), littleEndian, types: { btf, id: slot.id } };
		const [leaf] = leavesOf(type, 0, { file: "", pointer: "" }, "given");
		const order = leaf?.kind === "integer" ? leaf.littleEndian : littleEndian;
		return { bit: slot.bit + offset, bits, signed, littleEndian: order };
	}

	#integer(number: Integer): unknown {
		return this.#plain(number, (now, before) => {
			const grown = before === undefined ? 0n : now - before;
			return number.bits >= 32 && grown > 0n && grown <= maxGrowth ? `+${grown}` : jsonInteger(now);
		});
	}

	#plain(number: Integer, spell: (now: bigint, before: bigint | undefined) => unknown): unknown {
		if (!new Bits(this.is[0] ?? new Uint8Array(), true).has(number.bit, number.bits)) return undefined;
		const now = sum(number, this.is);
		const before = this.was && sum(number, this.was);
		return now === before ? undefined : spell(now, before);
	}

	/** Of the CPU on which they changed. */
	#bytes(bit: number, size: number, spell: (bytes: Uint8Array) => unknown): unknown {
		const part = (bytes: Uint8Array | undefined) =>
			bytes?.subarray(bit / 8, bit / 8 + size) ?? new Uint8Array();
		const cpu = this.was
			? this.is.findIndex((bytes, at) => !equalBytes(part(bytes), part(this.was?.[at])))
			: 0;
		return cpu < 0 || size === 0 ? undefined : spell(part(this.is[cpu]));
	}
}

function sum({ bit, bits, signed, littleEndian }: Integer, cpus: readonly Uint8Array[]): bigint {
	const total = cpus.reduce(
		(whole, bytes) => whole + new Bits(bytes, littleEndian).read(bit, bits, signed),
		0n,
	);
	return signed ? BigInt.asIntN(bits, total) : BigInt.asUintN(bits, total);
}

const hexOf = (bytes: Uint8Array) => ({ hex: toHex(bytes) });
const blank = (kind: string) => (kind === "array" ? [] : {});

/** Text that ends in zeros, if it can be seen. */
function textOrHex(bytes: Uint8Array): unknown {
	const text = Buffer.from(bytes).toString("latin1").replace(/\0+$/, "");
	return /^[\x20-\x7e]*$/.test(text) ? text : hexOf(bytes);
}
