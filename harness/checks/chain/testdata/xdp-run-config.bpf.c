// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A member that says itself where it wants to stand: compiled with -DNAME=..., -DPRIORITY=... and -DVERDICT=... */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <xdp/xdp_helpers.h>

__u64 runs;

struct {
	__uint(priority, PRIORITY);
	__uint(XDP_PASS, 1);
} XDP_RUN_CONFIG(NAME);

SEC("xdp")
int NAME(struct xdp_md *packet)
{
	runs++;
	return VERDICT;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
