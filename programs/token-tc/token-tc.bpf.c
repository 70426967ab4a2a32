// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/** The least TTL of packets to a TCP port: 255 when the peer must be the next hop (RFC 5082). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __be16);
	__type(value, __u32);
} least_ttl SEC(".maps");

enum counter { COUNT_NEAR, COUNT_FAR, COUNTERS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, enum counter);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(enum counter counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		*value += 1;
}

/*
 * Bytes are copied out of the packet: so no pointer is left to look at, and CAP_PERFMON is not
 * asked for.
 */
SEC("tc")
int keep_near(struct __sk_buff *skb)
{
	struct iphdr ip;
	__be16 port;
	__u32 *least;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)))
		return TC_ACT_UNSPEC;
	if (ip.protocol != IPPROTO_TCP)
		return TC_ACT_UNSPEC;
	if (bpf_skb_load_bytes(skb, ETH_HLEN + ip.ihl * 4 + offsetof(struct tcphdr, dest), &port, sizeof(port)))
		return TC_ACT_UNSPEC;
	least = bpf_map_lookup_elem(&least_ttl, &port);
	if (!least)
		return TC_ACT_UNSPEC;
	if (ip.ttl < *least) {
		count(COUNT_FAR);
		return TC_ACT_SHOT;
	}
	count(COUNT_NEAR);
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
