// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain.h"

CHAIN_NEXT(root_next);
CHAIN_NEXT(root_frags_next);

/**
 * The only program that is attached to the device: the chain behind it changes without a detach.
 */
SEC("xdp")
int xdp_root(struct xdp_md *ctx)
{
	return chain_continue(ctx, &root_next);
}

SEC("?xdp.frags")
int xdp_root_frags(struct xdp_md *ctx)
{
	return chain_continue(ctx, &root_frags_next);
}

char _license[] SEC("license") = "Dual BSD/GPL";
