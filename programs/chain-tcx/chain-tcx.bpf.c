// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define IP_OFFSET 0x1fff /* fragment offset in iphdr.frag_off */
#define PORT_OFFSET 2	 /* of the destination port in the headers of TCP and UDP */

/** TCP and UDP to this port end here; 23 is TELNET. */
const volatile __u16 denied_port = 23;

enum protocol { PROTOCOL_IPV4, PROTOCOL_IPV6, PROTOCOL_OTHER, PROTOCOLS };

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/** All that arrives, also what is dropped later. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROTOCOLS);
	__type(key, enum protocol);
	__type(value, struct traffic);
} arrived SEC(".maps");

/** First member: counts by protocol and takes no decision. */
SEC("tcx/ingress")
int account(struct __sk_buff *skb)
{
	enum protocol protocol = skb->protocol == bpf_htons(ETH_P_IP)	? PROTOCOL_IPV4 :
				 skb->protocol == bpf_htons(ETH_P_IPV6) ? PROTOCOL_IPV6 :
									  PROTOCOL_OTHER;
	struct traffic *traffic = bpf_map_lookup_elem(&arrived, &protocol);

	if (traffic) {
		traffic->packets++;
		traffic->bytes += skb->len;
	}
	return TCX_NEXT;
}

/**
 * Destination port of TCP or UDP in host order; 0 of all else, of later fragments and of what has
 * extension headers.
 */
static __always_inline __u16 destination_port(struct __sk_buff *skb)
{
	struct iphdr ip;
	struct ipv6hdr ip6;
	__u32 transport;
	__u8 protocol;
	__be16 port;

	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) || ip.frag_off & bpf_htons(IP_OFFSET))
			return 0;
		protocol = ip.protocol;
		transport = ETH_HLEN + ip.ihl * 4;
		break;
	case bpf_htons(ETH_P_IPV6):
		if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip6, sizeof(ip6)))
			return 0;
		protocol = ip6.nexthdr;
		transport = ETH_HLEN + sizeof(ip6);
		break;
	default:
		return 0;
	}
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return 0;
	if (bpf_skb_load_bytes(skb, transport + PORT_OFFSET, &port, sizeof(port)))
		return 0;
	return bpf_ntohs(port);
}

static __always_inline int is_denied(struct __sk_buff *skb)
{
	__u16 port = destination_port(skb);

	return port != 0 && port == denied_port;
}

/**
 * Second member: drops what goes to the denied port. TCX_NEXT has no opinion on the rest, which is
 * for those behind.
 */
SEC("tcx/ingress")
int police(struct __sk_buff *skb)
{
	return is_denied(skb) ? TCX_DROP : TCX_NEXT;
}

/** Third member: the DSCP value of IP (RFC 2474) becomes the packet's mark. */
SEC("tcx/ingress")
int mark(struct __sk_buff *skb)
{
	__u8 head[2]; /* version, header length or the class's upper half; type of service or the class's lower half */

	if (bpf_skb_load_bytes(skb, ETH_HLEN, head, sizeof(head)))
		return TCX_NEXT;
	if (skb->protocol == bpf_htons(ETH_P_IP))
		skb->mark = head[1] >> 2;
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		skb->mark = (head[0] & 0x0f) << 2 | head[1] >> 6;
	return TCX_NEXT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
