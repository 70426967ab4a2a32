// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

SEC("xdp")
int count_new_device(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;
	__u64 one = 1;

	bpf_map_update_elem(&packets, &ifindex, &one, BPF_NOEXIST);
	return XDP_PASS;
}

/** Bad: the first packet of each device finds no entry. */
SEC("xdp")
int count_without_check(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;
	__u64 *count = bpf_map_lookup_elem(&packets, &ifindex);

	*count += 1;
	return XDP_PASS;
}

SEC("xdp")
int count_with_check(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;
	__u64 *count = bpf_map_lookup_elem(&packets, &ifindex);

	if (count)
		*count += 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
