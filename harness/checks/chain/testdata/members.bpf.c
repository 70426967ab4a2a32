// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Members of chains for tests: each counts; `filter` ends the chain for IPv6. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

__u64 account_runs, filter_runs, mark_runs, deaf_runs;

SEC("tc")
int account(struct __sk_buff *packet)
{
	account_runs++;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int filter(struct __sk_buff *packet)
{
	filter_runs++;
	return packet->protocol == bpf_htons(ETH_P_IPV6) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int mark(struct __sk_buff *packet)
{
	mark_runs++;
	packet->mark = 7;
	return TC_ACT_UNSPEC;
}

/* Ends the chain for every packet. */
SEC("tc")
int deaf(struct __sk_buff *packet)
{
	deaf_runs++;
	return TC_ACT_OK;
}

static __always_inline __u8 protocol_of(struct __sk_buff *packet)
{
	/* Of IPv4 at offset 9, of IPv6 at offset 6 of its header. */
	int offset = packet->protocol == bpf_htons(ETH_P_IP) ? 9 : 6;
	__u8 protocol = 0;

	bpf_skb_load_bytes(packet, ETH_HLEN + offset, &protocol, sizeof(protocol));
	return protocol;
}

/* Drops the first of bpfgate's own packets. */
SEC("tc")
int no_udp(struct __sk_buff *packet)
{
	return protocol_of(packet) == IPPROTO_UDP ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

__u32 burst;

/* Lets all of bpfgate's own packets pass, and few of many alike: an ARP packet begins a new burst. */
SEC("tc")
int few(struct __sk_buff *packet)
{
	if (packet->protocol == bpf_htons(ETH_P_ARP))
		burst = 0;
	return ++burst > 100 ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
