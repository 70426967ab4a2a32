// SPDX-License-Identifier: Apache-2.0

/** A value as JSON can say it; integers that JavaScript cannot hold are strings of digits. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** Integers down to single bits, counted from the least significant, in big endian the most. */
export class Bits {
	constructor(
		readonly bytes: Uint8Array,
		readonly littleEndian: boolean,
	) {}

	has(bit: number, count: number): boolean {
		return bit >= 0 && bit + count <= this.bytes.length * 8;
	}

	write(bit: number, count: number, value: bigint): void {
		if (this.#isWhole(bit, count)) {
			const at = bit / 8;
			const most = Math.min(count, 32);
			this.#writeWhole(this.littleEndian ? at : at + (count - most) / 8, most, value);
			if (count === 64) this.#writeWhole(this.littleEndian ? at + 4 : at, 32, value >> 32n);
			return;
		}
		for (let index = 0; index < count; index++) {
			const [at, mask] = this.#place(bit + index);
			const set = (value >> BigInt(this.littleEndian ? index : count - 1 - index)) & 1n;
			this.bytes[at] = set === 1n ? this.bytes[at]! | mask : this.bytes[at]! & ~mask;
		}
	}

	read(bit: number, count: number, signed: boolean): bigint {
		if (this.#isWhole(bit, count)) {
			const [at, upper] = [bit / 8, this.littleEndian ? bit / 8 + 4 : bit / 8];
			const lower = this.#readWhole(count === 64 && !this.littleEndian ? at + 4 : at, Math.min(count, 32));
			const whole =
				count === 64 ? (BigInt(this.#readWhole(upper, 32)) << 32n) | BigInt(lower) : BigInt(lower);
			return signed ? BigInt.asIntN(count, whole) : whole;
		}
		let value = 0n;
		for (let index = 0; index < count; index++) {
			const [at, mask] = this.#place(bit + index);
			if (this.bytes[at]! & mask) value |= 1n << BigInt(this.littleEndian ? index : count - 1 - index);
		}
		return signed ? BigInt.asIntN(count, value) : value;
	}

	/** Of whole bytes, which nearly all integers are: no need to go bit by bit. */
	#isWhole(bit: number, count: number): boolean {
		const isWidth = count === 8 || count === 16 || count === 32 || count === 64;
		return isWidth && bit % 8 === 0 && this.has(bit, count);
	}

	/** Up to 32 bits. A DataView would have memory of its own made for each small value. */
	#writeWhole(at: number, count: number, value: bigint): void {
		let rest = Number(BigInt.asUintN(count, value));
		for (let index = 0, bytes = count / 8; index < bytes; index++, rest >>>= 8)
			this.bytes[this.littleEndian ? at + index : at + bytes - 1 - index] = rest & 0xff;
	}

	#readWhole(at: number, count: number): number {
		let value = 0;
		for (let index = 0, bytes = count / 8; index < bytes; index++)
			value = value * 256 + this.bytes[this.littleEndian ? at + bytes - 1 - index : at + index]!;
		return value;
	}

	#place(bit: number): [at: number, mask: number] {
		return [Math.floor(bit / 8), this.littleEndian ? 1 << (bit % 8) : 0x80 >> (bit % 8)];
	}
}

/** The number of a JSON value: an exact number, or a string of decimal or `0x` digits. */
export function integerOf(value: unknown): bigint | undefined {
	if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : undefined;
	if (typeof value !== "string" || value.length > 64) return undefined;
	const match = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(value);
	if (!match) return undefined;
	const number = BigInt(match[2]!);
	return match[1] === "-" ? -number : number;
}

/** A number where it is exact, a string of digits otherwise. */
export function jsonInteger(value: bigint): number | string {
	const number = Number(value);
	return Number.isSafeInteger(number) ? number : value.toString();
}

/** Escapes a key for a JSON pointer (RFC 6901). */
export function escapePointer(key: string): string {
	return key.replaceAll("~", "~0").replaceAll("/", "~1");
}
