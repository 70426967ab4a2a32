// SPDX-License-Identifier: Apache-2.0

/** Numbers by seed (Numerical Recipes' linear congruential generator, its high bits). */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed;
	}

	/** From 0 to one less than `limit`. */
	below(limit: number): number {
		this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
		return Math.floor((this.#state / 2 ** 32) * limit);
	}

	chance(percent: number): boolean {
		return this.below(100) < percent;
	}

	pick<T>(list: readonly T[]): T {
		return list[this.below(list.length)]!;
	}

	bytes(length: number): Uint8Array {
		return Uint8Array.from({ length }, () => this.below(256));
	}

	hex(length: number): string {
		return Buffer.from(this.bytes(length)).toString("hex");
	}

	ipv4(): string {
		return this.bytes(4).join(".");
	}

	/** In its canonical spelling: no group is zero. */
	ipv6(): string {
		return Array.from({ length: 8 }, () => (1 + this.below(0xffff)).toString(16)).join(":");
	}

	/** Of one interface, not of a group. */
	mac(): string {
		const [first = 0, ...rest] = this.bytes(6);
		return [first & 0xfe, ...rest].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
	}

	/** A permutation (Fisher and Yates). */
	shuffled<T>(list: readonly T[]): T[] {
		const all = [...list];
		for (let last = all.length - 1; last > 0; last--) {
			const other = this.below(last + 1);
			[all[last], all[other]] = [all[other]!, all[last]!];
		}
		return all;
	}

	list<T>(most: number, element: () => T): T[] {
		return Array.from({ length: 1 + this.below(most) }, element);
	}
}
