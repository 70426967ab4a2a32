// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define MAP(map_name, map_type, map_key, flags)       \
	struct {                                      \
		__uint(type, map_type);               \
		__uint(max_entries, 131072);          \
		__uint(map_flags, flags);             \
		__type(key, map_key);                 \
		__type(value, __u64);                 \
	} map_name SEC(".maps")

struct prefix {
	__u32 length;
	__u32 address;
};

MAP(table, BPF_MAP_TYPE_HASH, __u32, 0);
MAP(array, BPF_MAP_TYPE_ARRAY, __u32, 0);
MAP(per_cpu, BPF_MAP_TYPE_PERCPU_HASH, __u32, BPF_F_NO_PREALLOC);
MAP(prefixes, BPF_MAP_TYPE_LPM_TRIE, struct prefix, BPF_F_NO_PREALLOC);

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} tenants SEC(".maps");

/* Changes one entry, adds one and deletes one. */
SEC("xdp")
int change(struct xdp_md *xdp)
{
	__u64 *value, one = 1;

	value = bpf_map_lookup_elem(&table, &(__u32){ 7 });
	if (value)
		*value += 1;
	bpf_map_update_elem(&table, &(__u32){ 99999 }, &one, BPF_ANY);
	bpf_map_delete_elem(&table, &(__u32){ 8 });
	value = bpf_map_lookup_elem(&array, &(__u32){ 65536 });
	if (value)
		*value += 1;
	value = bpf_map_lookup_elem(&per_cpu, &(__u32){ 65536 });
	if (value)
		*value += 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
