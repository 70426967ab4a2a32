// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts packets and drops them; with PASSES it is what its loader installs in its place. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("xdp")
int guard(struct xdp_md *packet)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += packet->data_end - packet->data;
#ifdef PASSES
	return XDP_PASS;
#else
	return XDP_DROP;
#endif
}
