// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Millions of buckets, as in the maps of netobserv: freeing them takes the kernel seconds. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct buckets {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u64);
	__type(value, __u64);
	__uint(max_entries, 16 * 1024 * 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} a SEC(".maps"), b SEC(".maps"), c SEC(".maps");

SEC("xdp") int count(struct xdp_md *ctx)
{
	__u64 key = 7;

	return bpf_map_lookup_elem(&a, &key) && bpf_map_lookup_elem(&b, &key) && bpf_map_lookup_elem(&c, &key)
		? XDP_DROP : XDP_PASS;
}
