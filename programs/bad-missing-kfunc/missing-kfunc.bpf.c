// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/** Bad: no kernel exports a function of this name to BPF programs. */
extern __u32 bpf_xdp_flow_weight(struct xdp_md *ctx) __ksym;

SEC("xdp")
int weigh(struct xdp_md *ctx)
{
	return bpf_xdp_flow_weight(ctx) > 100 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
