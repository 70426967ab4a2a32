// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Programs that return how long a frame is for them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static long (*const buff_len)(struct xdp_md *ctx) = (void *)BPF_FUNC_xdp_get_buff_len;

SEC("xdp")
int seen(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data;
}

SEC("?xdp.frags")
int seen_frags(struct xdp_md *ctx)
{
	return buff_len(ctx);
}
