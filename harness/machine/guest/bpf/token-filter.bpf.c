// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Drops every packet: a token for tracing must not allow it. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int drop_all(struct xdp_md *context)
{
	(void)context;
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
