// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/** Bad: nothing says that the loop ever ends. */
SEC("xdp")
int wait_for_zero(struct xdp_md *ctx)
{
	while (bpf_get_prandom_u32())
		;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
