// SPDX-License-Identifier: Apache-2.0
import type { MapShape } from "./elf/maps.js";
import type { PackageObject } from "./package.js";

/** Guests have one CPU: maps that are sized by it. */
const cpus = 1;
const BPF_F_NO_PREALLOC = 1;
/** Bytes of an element of a hash table besides key and value, with its share of the buckets. */
const hashElement = 80;
const trieElement = 48;
/** Global data (`.bss`): libbpf has a copy, and the kernel another one while it fills the map. */
const dataCopies = 3;

/** Bytes of kernel memory that an object's maps take when created, estimated from their sizes. */
export function mapBytes({ maps, settings }: Pick<PackageObject, "maps" | "settings">): number {
	return maps.reduce((sum, map) => {
		const { max_entries, inner } = settings.maps?.[map.name] ?? {};
		const entries = max_entries === "cpus" ? cpus : (max_entries ?? map.max_entries);
		const shape = inner ?? map.inner;
		const template = shape ? bytesOf({ ...shape, flags: shape.flags ?? 0 }, shape.max_entries) : 0;
		return sum + bytesOf(map, entries) * (map.kind === "data" ? dataCopies : 1) + template;
	}, 0);
}

const round = (size: number) => Math.ceil(size / 8) * 8;

function bytesOf(
	{ type, key_size, value_size, flags }: Pick<MapShape, "type" | "key_size" | "value_size" | "flags">,
	wanted: number | "cpus",
): number {
	const entries = wanted === "cpus" ? cpus : wanted;
	const element = round(key_size) + round(value_size);
	switch (type) {
		case "ringbuf":
		case "user_ringbuf":
			// vmap() takes no more pages than the machine has, and the data is mapped twice.
			return entries * 2;
		case "array":
		case "percpu_array":
		case "queue":
		case "stack":
		case "stack_trace":
			return entries * round(value_size);
		case "hash":
		case "percpu_hash":
			// Without preallocation only the buckets are there from the beginning.
			return entries * (flags & BPF_F_NO_PREALLOC ? 16 : element + hashElement);
		case "lru_hash":
		case "lru_percpu_hash":
			return entries * (element + hashElement);
		case "lpm_trie":
			return Math.min(entries, 4096) * (element + trieElement);
		case "bloom_filter":
			return entries * 2;
		case "arena":
			return 0;
		default:
			return entries * 8;
	}
}
