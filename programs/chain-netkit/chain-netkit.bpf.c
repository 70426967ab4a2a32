// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_OFFSET 0x1fff /* fragment offset in iphdr.frag_off */
#define PORT_OFFSET 2	 /* of the destination port in the headers of TCP and UDP */

/** Pods open no connections to this port; 25 is SMTP. */
const volatile __u16 denied_port = 25;

/** What left the pod, by EtherType in host order. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} bytes_sent SEC(".maps");

/**
 * Of netkit in layer 3 mode the packet begins with its IP header; both modes have a network header.
 */
static __always_inline long load_network(struct __sk_buff *skb, __u32 offset, void *to, __u32 length)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, length, BPF_HDR_START_NET);
}

/** First member: a multicast address is never a source (RFC 1122, 3.2.1.3; RFC 4291, 2.7). */
SEC("netkit/peer")
int check_source(struct __sk_buff *skb)
{
	struct iphdr ip;
	struct ipv6hdr ip6;

	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		if (load_network(skb, 0, &ip, sizeof(ip)))
			return NETKIT_DROP;
		return (ip.saddr & bpf_htonl(0xf0000000)) == bpf_htonl(0xe0000000) ? NETKIT_DROP : NETKIT_NEXT;
	case bpf_htons(ETH_P_IPV6):
		if (load_network(skb, 0, &ip6, sizeof(ip6)))
			return NETKIT_DROP;
		return ip6.saddr.s6_addr[0] == 0xff ? NETKIT_DROP : NETKIT_NEXT;
	default:
		return NETKIT_NEXT;
	}
}

/**
 * Destination port of TCP in host order; 0 of all else, of later fragments and of what has
 * extension headers.
 */
static __always_inline __u16 tcp_destination(struct __sk_buff *skb)
{
	struct iphdr ip;
	struct ipv6hdr ip6;
	__u32 transport;
	__u8 protocol;
	__be16 port;

	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		if (load_network(skb, 0, &ip, sizeof(ip)) || ip.frag_off & bpf_htons(IP_OFFSET))
			return 0;
		protocol = ip.protocol;
		transport = ip.ihl * 4;
		break;
	case bpf_htons(ETH_P_IPV6):
		if (load_network(skb, 0, &ip6, sizeof(ip6)))
			return 0;
		protocol = ip6.nexthdr;
		transport = sizeof(ip6);
		break;
	default:
		return 0;
	}
	if (protocol != IPPROTO_TCP || load_network(skb, transport + PORT_OFFSET, &port, sizeof(port)))
		return 0;
	return bpf_ntohs(port);
}

static __always_inline int is_denied(struct __sk_buff *skb)
{
	__u16 port = tcp_destination(skb);

	return port != 0 && port == denied_port;
}

/** Second member: drops TCP to the denied port. */
SEC("netkit/peer")
int police(struct __sk_buff *skb)
{
	return is_denied(skb) ? NETKIT_DROP : NETKIT_NEXT;
}

/**
 * Third member: counts what the others let out. After NETKIT_NEXT of the last one the packet
 * passes.
 */
SEC("netkit/peer")
int account(struct __sk_buff *skb)
{
	__u32 ethertype = bpf_ntohs(skb->protocol);
	__u64 first = skb->len;
	__u64 *bytes = bpf_map_lookup_elem(&bytes_sent, &ethertype);

	if (bytes)
		*bytes += skb->len;
	else
		bpf_map_update_elem(&bytes_sent, &ethertype, &first, BPF_NOEXIST);
	return NETKIT_NEXT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
