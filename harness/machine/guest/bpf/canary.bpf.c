// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Shows that verdicts on a kernel can be believed: one program is right, the other one is wrong. */
#include <linux/bpf.h>
#include <linux/if_ether.h>

#include <bpf/bpf_helpers.h>

/* Right: drops what is no IPv4. */
SEC("xdp")
int canary_right(struct xdp_md *context)
{
	struct ethhdr *eth = (void *)(long)context->data;

	if ((void *)(eth + 1) > (void *)(long)context->data_end)
		return XDP_ABORTED;
	return eth->h_proto == __builtin_bswap16(ETH_P_IP) ? XDP_PASS : XDP_DROP;
}

/* Wrong: reads the Ethernet header without a look at the packet's end. */
SEC("xdp")
int canary_wrong(struct xdp_md *context)
{
	struct ethhdr *eth = (void *)(long)context->data;

	return eth->h_proto ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
