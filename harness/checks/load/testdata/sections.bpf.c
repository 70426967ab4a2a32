// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Sections that some loaders know by their beginning, and one that no loader knows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} next SEC(".maps");

SEC("xdp_ratelimiting") int limit(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &next, 0);
	return XDP_PASS;
}

SEC("xdp-root") int root(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("classifier/ingress") int mark(struct __sk_buff *skb)
{
	skb->mark = 7;
	return 0;
}

SEC("filter") int sampler(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("connect") int guard(struct bpf_sock_addr *ctx)
{
	return ctx->user_port != 0;
}
