// SPDX-License-Identifier: Apache-2.0
import { toHex } from "../packet/bytes.js";
import type { MapModel } from "./map-model.js";

interface Entry {
	key: Uint8Array;
	/** Of all CPUs, one after the other. */
	value: Uint8Array;
}

/** Content of a map: all its entries, or what is different from another content. */
export class MapContent {
	/** By the key's digits; undefined for one of the base that is gone. */
	readonly #own = new Map<string, Uint8Array | undefined>();
	#base: MapContent | undefined;

	constructor(
		readonly model: MapModel,
		entries: readonly Entry[],
	) {
		for (const { key, value } of entries) this.#own.set(toHex(key), value);
	}

	/** The same with some entries changed or added and others gone; what has not changed is shared. */
	with(entries: readonly Entry[], gone: readonly Uint8Array[]): MapContent {
		if (entries.length === 0 && gone.length === 0) return this;
		const content = new MapContent(this.model, []);
		content.#base = this.#base ?? this;
		if (this.#base) for (const [key, value] of this.#own) content.#own.set(key, value);
		for (const { key, value } of entries) content.#own.set(toHex(key), value);
		for (const key of gone) content.#own.set(toHex(key), undefined);
		return content;
	}

	/** The value of each CPU; a single one in maps that are not per-CPU; undefined when there is no such entry. */
	at(key: Uint8Array): Uint8Array[] | undefined {
		const whole = this.#whole(toHex(key));
		if (!whole) return undefined;
		const { perCpu, value } = this.model;
		if (!perCpu) return [whole.subarray(0, value.size)];
		const stride = Math.ceil(value.size / 8) * 8;
		return Array.from({ length: Math.floor(whole.length / stride) }, (_, cpu) =>
			whole.subarray(cpu * stride, cpu * stride + value.size),
		);
	}

	get keys(): Uint8Array[] {
		const shared = this.#base ? this.#base.#own.keys() : [];
		const digits = [...new Set([...shared, ...this.#own.keys()])];
		return digits.filter((key) => this.#whole(key) !== undefined).map(fromDigits);
	}

	/** Keys of entries that may not be the same in both: without looking at those that both share. */
	keysUnlike(other: MapContent): Uint8Array[] {
		if (this === other) return [];
		const shared = (this.#base ?? this) === (other.#base ?? other);
		const changed = (content: MapContent) => (shared && !content.#base ? [] : content.#own.keys());
		return shared
			? [...new Set([...changed(other), ...changed(this)])].map(fromDigits)
			: [...new Map([...other.keys, ...this.keys].map((key) => [toHex(key), key])).values()];
	}

	#whole(digits: string): Uint8Array | undefined {
		const of = this.#base && !this.#own.has(digits) ? this.#base : this;
		return of.#own.get(digits);
	}
}

const fromDigits = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));
