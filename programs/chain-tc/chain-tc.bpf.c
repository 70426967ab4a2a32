// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DSCP_CS1 8 /* "lower effort", RFC 3662 */
#define DSCP_EF 46 /* "expedited forwarding", RFC 3246 */

/** Packets of class bulk that are longer than this, with their Ethernet header, are dropped. */
const volatile __u32 bulk_bytes = 576;

enum class { CLASS_BEST_EFFORT, CLASS_BULK, CLASS_VOICE, CLASSES };

/** Packets that got through, by class. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CLASSES);
	__type(key, enum class);
	__type(value, __u64);
} passed SEC(".maps");

/** DSCP value of IPv4 or IPv6; 0 of all else. */
static __always_inline __u8 dscp(struct __sk_buff *skb)
{
	__u8 head[2];

	if (bpf_skb_load_bytes(skb, ETH_HLEN, head, sizeof(head)))
		return 0;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return head[1] >> 2;
	case bpf_htons(ETH_P_IPV6):
		return (head[0] & 0x0f) << 2 | head[1] >> 6;
	default:
		return 0;
	}
}

static __always_inline enum class class_of(struct __sk_buff *skb)
{
	__u8 value = dscp(skb);

	return value == DSCP_CS1 ? CLASS_BULK : value == DSCP_EF ? CLASS_VOICE : CLASS_BEST_EFFORT;
}

/** First member: tells those behind it the packet's class, in its priority. */
SEC("tc")
int classify(struct __sk_buff *skb)
{
	skb->priority = class_of(skb);
	return TC_ACT_UNSPEC;
}

/** Second member: drops the long packets of class bulk. */
SEC("tc")
int limit_bulk(struct __sk_buff *skb)
{
	return skb->priority == CLASS_BULK && skb->len > bulk_bytes ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

/** Third member: counts what the others let through. */
SEC("tc")
int count(struct __sk_buff *skb)
{
	enum class class = skb->priority;
	__u64 *packets = bpf_map_lookup_elem(&passed, &class);

	if (packets)
		*packets += 1;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
