/* SPDX-License-Identifier: GPL-2.0-only */
/* What other objects want to get past the verifier: it reads beyond the packet. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int refused(struct xdp_md *ctx)
{
	return *(int *)(long)ctx->data;
}

char LICENSE[] SEC("license") = "GPL";
