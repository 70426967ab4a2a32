// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Tail calls that go on only where their loader has filled a map: `gate` by a struct for EtherType
// 0, `count` by a value for each CPU.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct limit {
	__u32 verdict;
	__u64 packets;
};

#define MAP(map_name, map_type, entries, key_type, value_type) \
	struct {                                               \
		__uint(type, map_type);                        \
		__uint(max_entries, entries);                  \
		__type(key, key_type);                         \
		__type(value, value_type);                     \
	} map_name SEC(".maps")

MAP(limits, BPF_MAP_TYPE_HASH, 1, __u16, struct limit);
MAP(credit, BPF_MAP_TYPE_PERCPU_ARRAY, 2, __u32, __u32);
MAP(root_next, BPF_MAP_TYPE_PROG_ARRAY, 1, __u32, __u32);
MAP(gate_next, BPF_MAP_TYPE_PROG_ARRAY, 1, __u32, __u32);
MAP(count_next, BPF_MAP_TYPE_PROG_ARRAY, 1, __u32, __u32);

SEC("xdp") int root(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &root_next, 0);
	return XDP_PASS;
}

SEC("xdp") int gate(struct xdp_md *ctx)
{
	__u16 every = 0;
	struct limit *limit = bpf_map_lookup_elem(&limits, &every);

	if (!limit || limit->packets == 0)
		return XDP_DROP;
	if (limit->verdict == XDP_PASS)
		bpf_tail_call(ctx, &gate_next, 0);
	return limit->verdict;
}

SEC("xdp") int count(struct xdp_md *ctx)
{
	__u32 key = 1;
	__u32 *left = bpf_map_lookup_elem(&credit, &key);

	if (!left || *left == 0)
		return XDP_DROP;
	bpf_tail_call(ctx, &count_next, 0);
	return XDP_PASS;
}

SEC("xdp") int last(struct xdp_md *ctx)
{
	return XDP_PASS;
}
