// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_OFFSET 0x1fff /* fragment offset in iphdr.frag_off */

/** Answers from this port are the floods of others' requests in our name; 11211 is memcached. */
const volatile __u16 amplifier_port = 11211;

/** A member's link to the one behind it, which the orchestrator puts into slot 0. */
struct next {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
};
struct next root_next SEC(".maps"), flags_guard_next SEC(".maps"), flood_guard_next SEC(".maps"),
	account_next SEC(".maps");
/* A chain of its own: an array takes either programs for frames of several buffers or others. */
struct next root_frags_next SEC(".maps"), flags_guard_frags_next SEC(".maps"), flood_guard_frags_next SEC(".maps"),
	account_frags_next SEC(".maps");

/** By receiving device. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

/**
 * The transport header of an IPv4 packet of a protocol; NULL for any other packet, and for later
 * fragments.
 */
static __always_inline void *transport4(struct xdp_md *ctx, __u8 protocol, __u32 length)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	void *transport;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != protocol ||
	    ip->frag_off & bpf_htons(IP_OFFSET))
		return NULL;
	transport = (void *)ip + ip->ihl * 4;
	return transport + length > end ? NULL : transport;
}

/** No host opens a connection and closes it in one segment: such are sent by scanners. */
static __always_inline int is_scan(struct xdp_md *ctx)
{
	struct tcphdr *tcp = transport4(ctx, IPPROTO_TCP, sizeof(*tcp));

	return tcp && tcp->syn && tcp->fin;
}

/** No host in this network asks for answers from that port. */
static __always_inline int is_flood(struct xdp_md *ctx)
{
	struct udphdr *udp = transport4(ctx, IPPROTO_UDP, sizeof(*udp));

	return udp && udp->source == bpf_htons(amplifier_port);
}

static __always_inline void count(struct xdp_md *ctx)
{
	__u32 ifindex = ctx->ingress_ifindex;
	__u64 first = 1, *count = bpf_map_lookup_elem(&packets, &ifindex);

	if (count)
		*count += 1;
	else
		bpf_map_update_elem(&packets, &ifindex, &first, BPF_NOEXIST);
}

/** Not of the chain: it is attached, and hands every packet to the first member. */
SEC("xdp")
int root(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &root_next, 0);
	return XDP_PASS;
}

SEC("xdp")
int flags_guard(struct xdp_md *ctx)
{
	if (is_scan(ctx))
		return XDP_DROP;
	bpf_tail_call(ctx, &flags_guard_next, 0);
	return XDP_PASS;
}

SEC("xdp")
int flood_guard(struct xdp_md *ctx)
{
	if (is_flood(ctx))
		return XDP_DROP;
	bpf_tail_call(ctx, &flood_guard_next, 0);
	return XDP_PASS;
}

SEC("xdp")
int account(struct xdp_md *ctx)
{
	count(ctx);
	bpf_tail_call(ctx, &account_next, 0);
	return XDP_PASS;
}

SEC("?xdp.frags")
int root_frags(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &root_frags_next, 0);
	return XDP_PASS;
}

SEC("?xdp.frags")
int flags_guard_frags(struct xdp_md *ctx)
{
	if (is_scan(ctx))
		return XDP_DROP;
	bpf_tail_call(ctx, &flags_guard_frags_next, 0);
	return XDP_PASS;
}

SEC("?xdp.frags")
int flood_guard_frags(struct xdp_md *ctx)
{
	if (is_flood(ctx))
		return XDP_DROP;
	bpf_tail_call(ctx, &flood_guard_frags_next, 0);
	return XDP_PASS;
}

SEC("?xdp.frags")
int account_frags(struct xdp_md *ctx)
{
	count(ctx);
	bpf_tail_call(ctx, &account_frags_next, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
