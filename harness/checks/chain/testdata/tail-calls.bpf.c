// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Chains of tail calls for tests: roots, and members that count and go on; `filter` ends the chain for IPv6. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ARRAY(name, slots)                             \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, slots);            \
		__type(key, __u32);                    \
		__type(value, __u32);                  \
	} name SEC(".maps");

ARRAY(root_next, 1)
ARRAY(account_next, 1)
ARRAY(filter_next, 1)
ARRAY(mark_next, 1)
ARRAY(astray_next, 2)
ARRAY(twofold_next, 1)

__u64 account_runs, filter_runs, mark_runs, astray_runs, twofold_runs, last_runs;

SEC("xdp")
int root(struct xdp_md *packet)
{
	bpf_tail_call(packet, &root_next, 0);
	return XDP_PASS;
}

/* Roots that are loaded when a chain asks for them; the verifier refuses the second. */
SEC("?xdp")
int spare_root(struct xdp_md *packet)
{
	bpf_tail_call(packet, &root_next, 0);
	return XDP_PASS;
}

SEC("?xdp")
int bad_root(struct xdp_md *packet)
{
	bpf_tail_call(packet, &root_next, 0);
	return *(__u8 *)(long)packet->data;
}

SEC("xdp")
int account(struct xdp_md *packet)
{
	account_runs++;
	bpf_tail_call(packet, &account_next, 0);
	return XDP_PASS;
}

SEC("xdp")
int filter(struct xdp_md *packet)
{
	struct ethhdr *header = (void *)(long)packet->data;

	filter_runs++;
	if ((void *)(header + 1) > (void *)(long)packet->data_end || header->h_proto == bpf_htons(ETH_P_IPV6))
		return XDP_DROP;
	bpf_tail_call(packet, &filter_next, 0);
	return XDP_PASS;
}

SEC("xdp")
int mark(struct xdp_md *packet)
{
	mark_runs++;
	bpf_tail_call(packet, &mark_next, 0);
	return XDP_PASS;
}

/* Looks for the next member in slot 1, where nobody is. */
SEC("xdp")
int astray(struct xdp_md *packet)
{
	astray_runs++;
	bpf_tail_call(packet, &astray_next, 1);
	return XDP_PASS;
}

static __noinline int go_on(struct xdp_md *packet)
{
	int left = XDP_PASS;

	bpf_tail_call(packet, &twofold_next, 0);
	barrier_var(left);
	return left;
}

static __noinline int go_on_still(struct xdp_md *packet)
{
	int left = XDP_PASS;

	bpf_tail_call(packet, &twofold_next, 0);
	barrier_var(left);
	return left;
}

/* Calls the next member out of functions, and once more when nobody has dropped the packet. */
SEC("xdp")
int twofold(struct xdp_md *packet)
{
	int verdict = go_on(packet);

	twofold_runs++;
	return verdict == XDP_DROP ? verdict : go_on_still(packet);
}

/* Calls nobody. */
SEC("xdp")
int last(struct xdp_md *packet)
{
	last_runs++;
	return XDP_PASS;
}

/* Not of the kind that the others' arrays take. */
SEC("?xdp.frags")
int fragments(struct xdp_md *packet)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
