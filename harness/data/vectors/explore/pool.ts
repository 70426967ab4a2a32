// SPDX-License-Identifier: Apache-2.0
import { toHex } from "../../packet/bytes.js";
import { locate } from "../../packet/dissect.js";
import type { PreparedVector } from "../suite.js";
import { linkTypeOf } from "./step-facts.js";

/** Most byte strings of one length that are kept. */
const maxOfSize = 256;
const sizes = [2, 4, 6, 16] as const;

/** What a program's vectors have in packets and keys of maps: values that its lookups may find. */
export class Pool {
	readonly #bySize = new Map<number, Map<string, Uint8Array>>(sizes.map((size) => [size, new Map()]));
	readonly #fields = new Map<string, Set<unknown>>();

	constructor(vectors: readonly PreparedVector[]) {
		for (const vector of vectors) {
			for (const { key } of vector.before.flatMap(({ entries }) => entries)) this.#addKey(key);
			for (const { packet } of vector.steps)
				if (packet) this.#addPacket(packet, linkTypeOf(vector.subject.type, packet));
		}
	}

	/** Parts of keys that are so many bytes long. */
	parts(size: number): Uint8Array[] {
		return [...(this.#bySize.get(size)?.values() ?? [])];
	}

	/** What a field is in some packet. */
	values(layer: string, field: string): unknown[] {
		return [...(this.#fields.get(`${layer}.${field}`) ?? [])];
	}

	#addKey(key: Uint8Array): void {
		for (const [size, parts] of this.#bySize)
			for (let at = 0; at + size <= key.length && parts.size < maxOfSize; at += Math.min(size, 4)) {
				const part = key.subarray(at, at + size);
				parts.set(toHex(part), part);
			}
	}

	#addPacket(packet: Uint8Array, linkType: "ethernet" | "raw"): void {
		for (const { name, fields } of locate(packet, linkType))
			for (const [field, { value }] of Object.entries(fields)) {
				if (typeof value === "object") continue;
				const values = this.#fields.get(`${name}.${field}`) ?? new Set();
				if (values.size < maxOfSize) this.#fields.set(`${name}.${field}`, values.add(value));
			}
	}
}
