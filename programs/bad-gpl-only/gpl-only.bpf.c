// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/** Bad: bpf_trace_printk() is for programs under a licence that agrees with the GPL. */
SEC("xdp")
int say_hello(struct xdp_md *ctx)
{
	bpf_printk("packet of %d bytes", ctx->data_end - ctx->data);
	return XDP_PASS;
}

char _license[] SEC("license") = "Proprietary";
