// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What golden.test.ts makes loaders of: global data, a map, a kernel function that may be absent, two programs. The object
 * beside it is committed, since compilers differ in what they make of this: clang-19 -g -O2 -target bpf -mcpu=v3 -c, then
 * llvm-strip-19 -g.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

const volatile __u32 limit = 7;
__u64 total;

extern void bpf_cgroup_release(void *cgroup) __ksym __weak;

static __noinline int count(__u32 key)
{
	__u64 one = 1;

	__sync_fetch_and_add(&total, 1);
	return bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	if (ctx->rx_queue_index > limit)
		return XDP_DROP;
	count(ctx->ingress_ifindex);
	return XDP_PASS;
}

SEC("tc")
int mark(struct __sk_buff *skb)
{
	if (&bpf_cgroup_release)
		skb->mark = 1;
	return count(skb->ifindex);
}

char _license[] SEC("license") = "Dual BSD/GPL";
