// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two halves of one program: the one with ENTRY calls a function of the other, and both count in one
// map, which the other declares with ENTRIES entries.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifndef ENTRIES
#define ENTRIES 2
#endif
#ifdef ENTRY
#define HOME
#else
#define HOME extern
#endif

HOME struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

static __always_inline void count(__u32 key)
{
	__u64 *hit = bpf_map_lookup_elem(&hits, &key);

	if (hit)
		*hit += 1;
}

#ifdef ENTRY
int verdict_of(struct xdp_md *ctx);

SEC("xdp") int entry(struct xdp_md *ctx)
{
	count(0);
	return verdict_of(ctx);
}
#else
const volatile __u32 verdict = XDP_DROP;

__attribute__((noinline)) int verdict_of(struct xdp_md *ctx)
{
	count(1);
	return verdict;
}
#endif
