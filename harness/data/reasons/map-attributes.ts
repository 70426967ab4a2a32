// SPDX-License-Identifier: Apache-2.0
import type { MapAttributes } from "./facts.js";

/** What the kernel wants of a map, and what to do. */
export interface WrongAttribute {
	what: string;
	hint: string;
}

const BPF_F_NO_PREALLOC = 1 << 0;
const BPF_F_MMAPABLE = 1 << 10;
const BPF_F_LINK = 1 << 13;
const page = 4096;

/** Types whose key is an index or a descriptor of 4 bytes. */
const fourByteKeys = new Set(
	"array percpu_array prog_array perf_event_array cgroup_array array_of_maps stack_trace devmap cpumap xskmap sockmap sk_storage inode_storage task_storage cgrp_storage struct_ops insn_array".split(
		" ",
	),
);
const fourByteValues = new Set(
	"prog_array perf_event_array cgroup_array array_of_maps hash_of_maps xskmap".split(" "),
);
const withoutKey = new Set("queue stack bloom_filter ringbuf user_ringbuf arena".split(" "));
const rings = new Set(["ringbuf", "user_ringbuf"]);
const withoutValue = new Set([...rings, "arena", "bloom_filter"]);
const storages = new Set(["sk_storage", "inode_storage", "task_storage", "cgrp_storage"]);
const sized = "the manifest can set it: objects[].maps.<name>";

/** The first known rule of the kernel that the map breaks (map_alloc_check of kernel/bpf/*.c). */
export function wrongAttribute(
	map: MapAttributes & { name?: string },
	inner: MapAttributes | undefined,
): WrongAttribute | undefined {
	const { type, key_size: key = 0, value_size: value = 0, max_entries: entries = 0, flags = 0 } = map;
	const must = (what: string, hint: string): WrongAttribute => ({ what, hint });
	if ((type === "array_of_maps" || type === "hash_of_maps") && !inner)
		return must(
			"it has no template for its inner maps",
			"declare one with __array(values, struct inner), or give it in the manifest: objects[].maps.<name>.inner",
		);
	if (type === "struct_ops")
		return flags & BPF_F_LINK
			? must(
					"this kernel has no links for struct_ops maps, which section .struct_ops.link asks for",
					"use section .struct_ops on kernels before 6.4: the map is then registered without a link",
				)
			: undefined;
	if (rings.has(type) && (key !== 0 || value !== 0))
		return must(
			`a ring buffer must have key_size and value_size 0, found ${key} and ${value}`,
			"remove __type(key, ...) and __type(value, ...) from the ring buffer: libbpf passes them on, cilium/ebpf clears them",
		);
	if (rings.has(type) && entries !== 0 && (entries % page !== 0 || (entries & (entries - 1)) !== 0))
		return must(
			`max_entries of a ring buffer must be a power of two and a multiple of the page size (${page}), found ${entries}`,
			`use such a size; ${sized}.max_entries`,
		);
	if (storages.has(type) && (entries !== 0 || !(flags & BPF_F_NO_PREALLOC)))
		return must(
			`local storage must have max_entries 0 and BPF_F_NO_PREALLOC, found max_entries ${entries} and flags 0x${flags.toString(16)}`,
			"set __uint(map_flags, BPF_F_NO_PREALLOC) and no max_entries",
		);
	if (fourByteKeys.has(type) && key !== 4)
		return must(`key_size must be 4, found ${key}`, "use a key of 4 bytes: __type(key, __u32)");
	if (fourByteValues.has(type) && value !== 4)
		return must(
			`value_size must be 4, found ${value}`,
			type === "perf_event_array"
				? "use __uint(value_size, sizeof(__u32)): its values are descriptors of perf events, not the records"
				: "use __uint(value_size, sizeof(__u32)): its values are descriptors",
		);
	if (withoutKey.has(type) && key !== 0)
		return must(`key_size must be 0, found ${key}`, "remove the key: maps of this type have none");
	if (type === "arena")
		return flags & BPF_F_MMAPABLE
			? undefined
			: must("an arena must have BPF_F_MMAPABLE", "set __uint(map_flags, BPF_F_MMAPABLE)");
	if (type === "lpm_trie" && !(flags & BPF_F_NO_PREALLOC))
		return must("an LPM trie must have BPF_F_NO_PREALLOC", "set __uint(map_flags, BPF_F_NO_PREALLOC)");
	if (type === "lpm_trie" && (key < 5 || key > 260))
		return must(
			`key_size must be 5 to 260 (4 bytes of prefix length and the data), found ${key}`,
			"use struct bpf_lpm_trie_key and the data as key",
		);
	if (value === 0 && entries === 0 && !storages.has(type) && !withoutValue.has(type))
		return must(
			"value_size and max_entries are 0: the loader of the package sets them before it loads",
			`set them as the loader does: value_size and max_entries of objects[].maps.${map.name ?? "<name>"} in the manifest`,
		);
	if (type === "stack_trace" && (value < 8 || value % 8 !== 0 || value / 8 > 127))
		return must(
			`value_size must be 8 bytes for each frame, and at most 127 frames, found ${value}`,
			"use __uint(value_size, 8 * PERF_MAX_STACK_DEPTH)",
		);
	if (entries === 0 && !storages.has(type))
		return must(
			"max_entries is 0: the loader of the package sets it before it loads",
			`set it as the loader does: objects[].maps.${map.name ?? "<name>"}.max_entries in the manifest`,
		);
	if (value === 0 && !withoutValue.has(type))
		return must(
			"value_size is 0: the loader of the package sets it before it loads",
			`set it as the loader does: objects[].maps.${map.name ?? "<name>"}.value_size in the manifest`,
		);
	if (type.startsWith("percpu_") && value > 32768)
		return must(
			`value_size of a per-CPU map must be at most 32768, found ${value}`,
			"make the value smaller",
		);
	return undefined;
}
