// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain.h"

#define NSEC_PER_SEC 1000000000ull

/** Packets a second that each CPU lets through. */
const volatile __u64 packets_per_second = 100000;

CHAIN_NEXT(rate_limit_next);

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

/** Second member: counts packets in windows of one second and drops those above the limit. */
SEC("xdp")
int xdp_rate_limit(struct xdp_md *ctx)
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
	if (++window->packets > packets_per_second)
		return XDP_DROP;
	return chain_continue(ctx, &rate_limit_next);
}

char _license[] SEC("license") = "Dual BSD/GPL";
