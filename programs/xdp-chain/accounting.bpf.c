// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain.h"

CHAIN_NEXT(accounting_next);
CHAIN_NEXT(accounting_frags_next);

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/** What reached the end of the chain, by receiving device. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, struct traffic);
} traffic_by_ifindex SEC(".maps");

static __always_inline void account(struct xdp_md *ctx, __u64 bytes)
{
	__u32 ifindex = ctx->ingress_ifindex;
	struct traffic first = { .packets = 1, .bytes = bytes };
	struct traffic *traffic = bpf_map_lookup_elem(&traffic_by_ifindex, &ifindex);

	if (traffic) {
		traffic->packets++;
		traffic->bytes += bytes;
	} else {
		bpf_map_update_elem(&traffic_by_ifindex, &ifindex, &first, BPF_NOEXIST);
	}
}

/** Last member: counts and never drops. */
SEC("xdp")
int xdp_accounting(struct xdp_md *ctx)
{
	account(ctx, ctx->data_end - ctx->data);
	return chain_continue(ctx, &accounting_next);
}

SEC("?xdp.frags")
int xdp_accounting_frags(struct xdp_md *ctx)
{
	account(ctx, bpf_xdp_get_buff_len(ctx));
	return chain_continue(ctx, &accounting_frags_next);
}

char _license[] SEC("license") = "Dual BSD/GPL";
