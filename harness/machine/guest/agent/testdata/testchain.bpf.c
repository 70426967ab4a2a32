// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Members of chains that only pass a packet on or stop it. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/* Each has its own counter, because the compiler merges equal functions. */
#define GOES_ON(section, name, type, verdict) \
	__u64 name##_runs;                    \
	SEC(section)                          \
	int name(type *context)               \
	{                                     \
		name##_runs++;                \
		return verdict;               \
	}

GOES_ON("tc", first, struct __sk_buff, TC_ACT_UNSPEC)
GOES_ON("tc", second, struct __sk_buff, TC_ACT_UNSPEC)
GOES_ON("tc", third, struct __sk_buff, TC_ACT_UNSPEC)
GOES_ON("tc", stop, struct __sk_buff, TC_ACT_SHOT)
GOES_ON("xdp", pass, struct xdp_md, XDP_PASS)
GOES_ON("xdp", drop, struct xdp_md, XDP_DROP)
GOES_ON("cgroup/connect4", allow, struct bpf_sock_addr, 1)
GOES_ON("cgroup/connect4", deny, struct bpf_sock_addr, 0)

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} members SEC(".maps");

SEC("xdp")
int root(struct xdp_md *xdp)
{
	bpf_tail_call(xdp, &members, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int link_one(struct xdp_md *xdp)
{
	bpf_tail_call(xdp, &members, 1);
	return XDP_PASS;
}

SEC("xdp")
int link_two(struct xdp_md *xdp)
{
	bpf_tail_call(xdp, &members, 2);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
