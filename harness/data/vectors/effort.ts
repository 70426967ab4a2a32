// SPDX-License-Identifier: Apache-2.0
import { InputError, type Place } from "../../base/errors.js";

/** Limits of all vector files of a package together. */
const maxCases = 100_000;
const maxPackets = 200_000;
/** Values, read again for each vector or frame that they are said of. */
const maxValues = 4_000_000;
/** A text, and the constants that a vector sets, cost less a byte. */
const textPerValue = 16;
const constantsPerValue = 4096;

/** The vectors of a package come to more than is read; what follows is not looked at. */
export class TooManyVectors extends InputError {}

/** Counts what vectors stand for before it is made: frames and file-wide settings multiply. */
export class Effort {
	#cases = 0;
	#packets = 0;
	#values = 0;
	readonly #sizes = new WeakMap<object, number>();

	/** @param packets of each case @throws TooManyVectors */
	add(cases: number, packets: number, place: Place): void {
		this.#cases += cases;
		this.#packets += packets;
		this.#check(this.#cases, maxCases, "cases", place);
		this.#check(this.#packets, maxPackets, "packets", place);
	}

	/** @throws TooManyVectors */
	read(values: readonly unknown[], place: Place): void {
		for (const value of values) this.#values += this.#sizeOf(value);
		this.#check(this.#values, maxValues, "values", place);
	}

	/** @param bytes of `.rodata` that a vector sets @throws TooManyVectors */
	constants(bytes: number, place: Place): void {
		this.#values += Math.ceil(bytes / constantsPerValue);
		this.#check(this.#values, maxValues, "values", place);
	}

	#check(count: number, most: number, what: string, { file, pointer }: Place): void {
		if (count <= most) return;
		throw new TooManyVectors(
			file,
			pointer,
			`makes more than ${most} ${what} of the package's vectors, each counted where it is used`,
		);
	}

	#sizeOf(value: unknown): number {
		if (typeof value === "string") return 1 + Math.floor(value.length / textPerValue);
		if (typeof value !== "object" || value === null) return 1;
		let size = this.#sizes.get(value);
		if (size === undefined) {
			size = Object.values(value).reduce<number>((sum, part) => sum + this.#sizeOf(part), 1);
			this.#sizes.set(value, size);
		}
		return size;
	}
}
