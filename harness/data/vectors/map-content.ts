// SPDX-License-Identifier: Apache-2.0
import { toHex } from "../packet/bytes.js";
import type { MapModel } from "./map-model.js";

interface Entry {
	key: Uint8Array;
	/** Of all CPUs, one after the other. */
	value: Uint8Array;
}

/** Entries as a guest tells them: keys and values, one after the other. */
export interface PackedEntries {
	count: number;
	keys: Uint8Array;
	values: Uint8Array;
}

type Own = { key: Uint8Array; value?: Uint8Array };

/** Content of a map: all its entries, or what is different from another content. */
export class MapContent {
	readonly #entries: readonly Entry[] | PackedEntries;
	readonly #gone: readonly Uint8Array[];
	#base: MapContent | undefined;
	/** Made when it is first asked for: most contents are only compared with those of one base. */
	#byDigits: Map<string, Own> | undefined;

	constructor(
		readonly model: MapModel,
		entries: readonly Entry[] | PackedEntries,
		gone: readonly Uint8Array[] = [],
	) {
		this.#entries = entries;
		this.#gone = gone;
	}

	/** The same with some entries changed or added, others gone; the rest is shared. */
	with(entries: readonly Entry[] | PackedEntries, gone: readonly Uint8Array[]): MapContent {
		const count = "count" in entries ? entries.count : entries.length;
		if (count === 0 && gone.length === 0) return this;
		const content = new MapContent(this.model, entries, gone);
		content.#base = this;
		return content;
	}

	/** By the key's digits; without a value for one of the base that is gone. */
	get #own(): Map<string, Own> {
		if (this.#byDigits) return this.#byDigits;
		const own = new Map<string, Own>();
		const entries = "count" in this.#entries ? unpacked(this.#entries) : this.#entries;
		for (const entry of entries) own.set(toHex(entry.key), entry);
		for (const key of this.#gone) own.set(toHex(key), { key });
		this.#byDigits = own;
		return own;
	}

	/** The value of each CPU, one if not per-CPU; undefined when there is no such entry. */
	at(key: Uint8Array): Uint8Array[] | undefined {
		const whole = this.entry(toHex(key))?.value;
		if (!whole) return undefined;
		const { perCpu, value } = this.model;
		if (!perCpu) return [whole.subarray(0, value.size)];
		const stride = Math.ceil(value.size / 8) * 8;
		return Array.from({ length: Math.floor(whole.length / stride) }, (_, cpu) =>
			whole.subarray(cpu * stride, cpu * stride + value.size),
		);
	}

	private entry(digits: string): Own | undefined {
		return this.#own.get(digits) ?? this.#base?.entry(digits);
	}

	get keys(): Uint8Array[] {
		const inherited = (this.#base?.keys ?? []).filter((key) => {
			const own = this.#own.get(toHex(key));
			return !own || own.value;
		});
		const isNew = (digits: string) => !this.#base?.entry(digits)?.value;
		const added = [...this.#own].filter(([digits, { value }]) => value && isNew(digits));
		return [...inherited, ...added.map(([, { key }]) => key)];
	}

	/** Keys of entries that may differ, without looking at those that both share, sorted. */
	keysUnlike(other: MapContent): Uint8Array[] {
		const shared = this.line.find((content) => other.line.includes(content));
		const unlike = new Map([...other.since(shared), ...this.since(shared)]);
		return [...unlike].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
	}

	/** This content, its base, and the base of that. */
	private get line(): MapContent[] {
		return [this, ...(this.#base?.line ?? [])];
	}

	private *since(base: MapContent | undefined): Generator<[digits: string, key: Uint8Array]> {
		if (this === base) return;
		for (const [digits, { key }] of this.#own) yield [digits, key];
		yield* this.#base?.since(base) ?? [];
	}
}

function unpacked({ count, keys, values }: PackedEntries): Entry[] {
	const [key, value] = [keys.length / Math.max(1, count), values.length / Math.max(1, count)];
	return Array.from({ length: count }, (_, at) => ({
		key: keys.subarray(at * key, (at + 1) * key),
		value: values.subarray(at * value, (at + 1) * value),
	}));
}
