// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include "chain.h"

CHAIN_NEXT(allow_list_next);
CHAIN_NEXT(allow_list_frags_next);

struct prefix4 {
	__u32 prefixlen;
	__be32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix4);
	__type(value, __u8);
} allowed SEC(".maps");

/** The verdict for a packet that has to stop here, XDP_PASS for one that goes on. */
static __always_inline enum xdp_action match(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct prefix4 source = { .prefixlen = 32 };

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if ((void *)(ip + 1) > end)
		return XDP_DROP;
	source.address = ip->saddr;
	return bpf_map_lookup_elem(&allowed, &source) ? XDP_PASS : XDP_DROP;
}

/** First member: IPv4 goes on only from allowed sources; anything else is not its business. */
SEC("xdp")
int xdp_allow_list(struct xdp_md *ctx)
{
	enum xdp_action verdict = match(ctx);

	return verdict == XDP_PASS ? chain_continue(ctx, &allow_list_next) : verdict;
}

/** In a frame of several buffers the headers are in the first. */
SEC("?xdp.frags")
int xdp_allow_list_frags(struct xdp_md *ctx)
{
	enum xdp_action verdict = match(ctx);

	return verdict == XDP_PASS ? chain_continue(ctx, &allow_list_frags_next) : verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
