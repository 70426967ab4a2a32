// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "../chain-l3af/chain-l3af.bpf.c"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} off_by_one_next SEC(".maps");

SEC("xdp")
int flags_guard_off_by_one(struct xdp_md *ctx)
{
	if (is_scan(ctx))
		return XDP_DROP;
	/* Bad: the orchestrator puts the next member into slot 0. */
	bpf_tail_call(ctx, &off_by_one_next, 1);
	return XDP_PASS;
}
