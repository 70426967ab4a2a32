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
	/** By the key's digits; without a value for one of the base that is gone. */
	readonly #own = new Map<string, { key: Uint8Array; value?: Uint8Array }>();
	#base: MapContent | undefined;

	constructor(
		readonly model: MapModel,
		entries: readonly Entry[],
	) {
		for (const entry of entries) this.#own.set(toHex(entry.key), entry);
	}

	/** The same with some entries changed or added, others gone; the rest is shared. */
	with(entries: readonly Entry[], gone: readonly Uint8Array[]): MapContent {
		if (entries.length === 0 && gone.length === 0) return this;
		const content = new MapContent(this.model, []);
		content.#base = this.#base ?? this;
		if (this.#base) for (const [digits, entry] of this.#own) content.#own.set(digits, entry);
		for (const entry of entries) content.#own.set(toHex(entry.key), entry);
		for (const key of gone) content.#own.set(toHex(key), { key });
		return content;
	}

	/** The value of each CPU, one if not per-CPU; undefined when there is no such entry. */
	at(key: Uint8Array): Uint8Array[] | undefined {
		const digits = toHex(key);
		const whole = this.#entry(digits)?.value;
		if (!whole) return undefined;
		const { perCpu, value } = this.model;
		if (!perCpu) return [whole.subarray(0, value.size)];
		const stride = Math.ceil(value.size / 8) * 8;
		return Array.from({ length: Math.floor(whole.length / stride) }, (_, cpu) =>
			whole.subarray(cpu * stride, cpu * stride + value.size),
		);
	}

	#entry(digits: string): { value?: Uint8Array } | undefined {
		const own = this.#own.get(digits);
		return own || !this.#base ? own : this.#base.#own.get(digits);
	}

	get keys(): Uint8Array[] {
		const keys: Uint8Array[] = [];
		for (const [digits, entry] of this.#base ? this.#base.#own : this.#own) {
			const { key, value } = this.#own.get(digits) ?? entry;
			if (value) keys.push(key);
		}
		if (!this.#base) return keys;
		const shared = this.#base.#own;
		for (const [digits, { key, value }] of this.#own) if (value && !shared.has(digits)) keys.push(key);
		return keys;
	}

	/** Keys of entries that may differ, without looking at those that both share. */
	keysUnlike(other: MapContent): Uint8Array[] {
		if (this === other) return [];
		const shared = (this.#base ?? this) === (other.#base ?? other);
		const lists = shared
			? [other, this].map((content) => (content.#base ? [...content.#own.values()] : []))
			: [other, this].map((content) => content.keys.map((key) => ({ key })));
		return [...new Map(lists.flat().map(({ key }) => [toHex(key), key])).values()];
	}
}
