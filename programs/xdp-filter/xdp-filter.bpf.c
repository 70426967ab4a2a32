// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_OFFSET 0x1fff /* fragment offset in iphdr.frag_off */
#define VLAN_DEPTH 2	 /* 802.1ad: a service tag and a customer tag */

/** Verdict (enum xdp_action) for a packet that no rule matches. */
const volatile __u32 default_action = XDP_PASS;

enum counter {
	COUNT_DEFAULT,
	COUNT_BLOCKED_SOURCE,
	COUNT_BLOCKED_PORT,
	COUNT_MALFORMED,
	COUNTERS,
};

struct counted {
	__u64 packets;
	__u64 bytes;
};

struct prefix4 {
	__u32 prefixlen;
	__be32 address;
};

struct prefix6 {
	__u32 prefixlen;
	struct in6_addr address;
};

struct port {
	__be16 number;
	__u8 protocol;
	__u8 zero;
};

struct vlan_tag {
	__be16 tci;
	__be16 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix4);
	__type(value, __u8);
} blocked4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct prefix6);
	__type(value, __u8);
} blocked6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct port);
	__type(value, __u8);
} blocked_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, enum counter);
	__type(value, struct counted);
} counters SEC(".maps");

/** What is left of the packet: `at` moves towards `end` as headers are taken off. */
struct cursor {
	void *at;
	void *end;
};

/** The next `size` bytes, or NULL when the packet ends before. */
static __always_inline void *take(struct cursor *cursor, __u32 size)
{
	void *header = cursor->at;

	if (header + size > cursor->end)
		return NULL;
	cursor->at = header + size;
	return header;
}

/**
 * Takes off Ethernet and VLAN headers; the EtherType behind them, 0 when the packet is too short.
 */
static __always_inline __be16 take_link(struct cursor *cursor)
{
	struct ethhdr *eth = take(cursor, sizeof(*eth));
	__be16 proto;

	if (!eth)
		return 0;
	proto = eth->h_proto;
	for (int i = 0; i < VLAN_DEPTH; i++) {
		struct vlan_tag *tag;

		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		tag = take(cursor, sizeof(*tag));
		if (!tag)
			return 0;
		proto = tag->proto;
	}
	return proto;
}

static __always_inline enum counter match_port(struct cursor *cursor, __u8 protocol)
{
	struct port port = { .protocol = protocol };

	if (protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = take(cursor, sizeof(*tcp));

		if (!tcp)
			return COUNT_MALFORMED;
		port.number = tcp->dest;
	} else if (protocol == IPPROTO_UDP) {
		struct udphdr *udp = take(cursor, sizeof(*udp));

		if (!udp)
			return COUNT_MALFORMED;
		port.number = udp->dest;
	} else {
		return COUNT_DEFAULT;
	}
	return bpf_map_lookup_elem(&blocked_ports, &port) ? COUNT_BLOCKED_PORT : COUNT_DEFAULT;
}

static __always_inline enum counter match_ipv4(struct cursor *cursor)
{
	struct iphdr *ip = take(cursor, sizeof(*ip));
	struct prefix4 source = { .prefixlen = 32 };

	if (!ip || ip->ihl < 5)
		return COUNT_MALFORMED;
	source.address = ip->saddr;
	if (bpf_map_lookup_elem(&blocked4, &source))
		return COUNT_BLOCKED_SOURCE;
	/* Only the first fragment carries ports. */
	if (ip->frag_off & bpf_htons(IP_OFFSET))
		return COUNT_DEFAULT;
	/*
	 * The mask tells the verifier what `ihl >= 5` does not: options are never negative, 40 bytes at
	 * most.
	 */
	if (!take(cursor, (ip->ihl * 4 - sizeof(*ip)) & 0x3c))
		return COUNT_MALFORMED;
	return match_port(cursor, ip->protocol);
}

/**
 * Extension headers are not walked: ports are matched where TCP or UDP follows the fixed header.
 */
static __always_inline enum counter match_ipv6(struct cursor *cursor)
{
	struct ipv6hdr *ip = take(cursor, sizeof(*ip));
	struct prefix6 source = { .prefixlen = 128 };

	if (!ip)
		return COUNT_MALFORMED;
	source.address = ip->saddr;
	if (bpf_map_lookup_elem(&blocked6, &source))
		return COUNT_BLOCKED_SOURCE;
	return match_port(cursor, ip->nexthdr);
}

static __always_inline enum counter match(struct cursor *cursor)
{
	switch (take_link(cursor)) {
	case 0:
		return COUNT_MALFORMED;
	case bpf_htons(ETH_P_IP):
		return match_ipv4(cursor);
	case bpf_htons(ETH_P_IPV6):
		return match_ipv6(cursor);
	default:
		return COUNT_DEFAULT;
	}
}

static __always_inline int filter(struct xdp_md *ctx, __u64 bytes)
{
	struct cursor cursor = {
		.at = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u32 key = match(&cursor);
	struct counted *counted = bpf_map_lookup_elem(&counters, &key);

	if (counted) {
		counted->packets++;
		counted->bytes += bytes;
	}
	return key == COUNT_DEFAULT ? default_action : XDP_DROP;
}

SEC("xdp")
int xdp_filter(struct xdp_md *ctx)
{
	return filter(ctx, ctx->data_end - ctx->data);
}

/**
 * For devices whose frames take several buffers (5.18): headers are in the first, the length is
 * that of all.
 */
SEC("?xdp.frags")
int xdp_filter_frags(struct xdp_md *ctx)
{
	return filter(ctx, bpf_xdp_get_buff_len(ctx));
}

char _license[] SEC("license") = "Dual BSD/GPL";
