// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Members of XDP chains for tests: each counts; `filter` ends the chain for IPv6. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

__u64 account_runs, filter_runs, meter_runs, deaf_runs;

SEC("xdp")
int account(struct xdp_md *packet)
{
	account_runs++;
	return XDP_PASS;
}

SEC("xdp")
int filter(struct xdp_md *packet)
{
	struct ethhdr *eth = (void *)(long)packet->data;

	filter_runs++;
	if ((void *)(eth + 1) > (void *)(long)packet->data_end)
		return XDP_ABORTED;
	return eth->h_proto == bpf_htons(ETH_P_IPV6) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int meter(struct xdp_md *packet)
{
	meter_runs++;
	return XDP_PASS;
}

/* Ends the chain for every packet. */
SEC("xdp")
int deaf(struct xdp_md *packet)
{
	deaf_runs++;
	return XDP_TX;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
