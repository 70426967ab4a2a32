// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/**
 * UDP source ports of services that answer with more than they are asked, with packets dropped of
 * each.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __be16);
	__type(value, __u64);
} reflectors SEC(".maps");

/*
 * Packets are read through pointers, which is what makes it need CAP_PERFMON in the user namespace.
 */
static __always_inline enum xdp_action judge(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp;
	__u64 *dropped;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	udp = (void *)ip + ip->ihl * 4;
	if ((void *)(udp + 1) > end)
		return XDP_PASS;
	dropped = bpf_map_lookup_elem(&reflectors, &udp->source);
	if (!dropped)
		return XDP_PASS;
	__sync_fetch_and_add(dropped, 1);
	return XDP_DROP;
}

SEC("xdp")
int drop_reflected(struct xdp_md *ctx)
{
	return judge(ctx);
}

/* Answers are long, so also in frames of several buffers; the headers are in the first. */
SEC("?xdp.frags")
int drop_reflected_frags(struct xdp_md *ctx)
{
	return judge(ctx);
}

char _license[] SEC("license") = "Dual BSD/GPL";
