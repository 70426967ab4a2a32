// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/** Bad: XDP runs before there is an skb, and the helper is for programs that have one. */
SEC("xdp")
int drop_vlan_tag(struct xdp_md *ctx)
{
	return bpf_skb_vlan_pop((void *)ctx) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
