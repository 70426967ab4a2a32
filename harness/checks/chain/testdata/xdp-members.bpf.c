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

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tails SEC(".maps");

/* Calls a tail that is not there, and goes on. */
SEC("?xdp")
int caller(struct xdp_md *packet)
{
	bpf_tail_call(packet, &tails, 0);
	return XDP_PASS;
}

/* Reads behind the packet's end, which the verifier refuses. */
SEC("?xdp")
int careless(struct xdp_md *packet)
{
	struct ethhdr *eth = (void *)(long)packet->data;

	return eth->h_proto == 0 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
