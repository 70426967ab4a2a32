// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain.h"

#define NSEC_PER_SEC 1000000000ull

/** Packets a second that each CPU lets through. */
const volatile __u64 packets_per_second = 100000;

CHAIN_NEXT(rate_limit_next);
CHAIN_NEXT(rate_limit_frags_next);

struct window {
	__u64 started_ns;
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

/** The verdict for a packet that has to stop here, XDP_PASS for one that goes on. */
static __always_inline enum xdp_action limit(void)
{
	__u32 key = 0;
	struct window *window = bpf_map_lookup_elem(&windows, &key);
	__u64 now = bpf_ktime_get_ns();

	if (!window)
		return XDP_ABORTED;
	if (now - window->started_ns >= NSEC_PER_SEC) {
		window->started_ns = now;
		window->packets = 0;
	}
	return ++window->packets > packets_per_second ? XDP_DROP : XDP_PASS;
}

/** Second member: counts packets in windows of one second and drops those above the limit. */
SEC("xdp")
int xdp_rate_limit(struct xdp_md *ctx)
{
	enum xdp_action verdict = limit();

	return verdict == XDP_PASS ? chain_continue(ctx, &rate_limit_next) : verdict;
}

SEC("?xdp.frags")
int xdp_rate_limit_frags(struct xdp_md *ctx)
{
	enum xdp_action verdict = limit();

	return verdict == XDP_PASS ? chain_continue(ctx, &rate_limit_frags_next) : verdict;
}

char _license[] SEC("license") = "Dual BSD/GPL";
