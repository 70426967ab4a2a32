// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TELNET 23

/** Destination port of the TCP segment behind the IPv4 header, or 0 in network order. */
static __always_inline __be16 destination_port(struct xdp_md *ctx, struct iphdr *ip, void *end)
{
	struct tcphdr *tcp = (void *)(ip + 1);
	__be16 port = 0;

	/*
	 * Bad: where bpf_xdp_load_bytes() is missing, which is before 5.18, IP options are taken for
	 * the TCP header.
	 */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_load_bytes)) {
		__u32 offset = sizeof(struct ethhdr) + ip->ihl * 4 + offsetof(struct tcphdr, dest);

		if (bpf_xdp_load_bytes(ctx, offset, &port, sizeof(port)))
			return 0;
		return port;
	}
	if ((void *)(tcp + 1) > end)
		return 0;
	return tcp->dest;
}

SEC("xdp")
int drop_telnet(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_TCP)
		return XDP_PASS;
	return destination_port(ctx, ip, end) == bpf_htons(TELNET) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
