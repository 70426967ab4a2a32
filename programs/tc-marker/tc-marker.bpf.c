// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <stddef.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DSCP_VALUES 64 /* six bits, RFC 2474 */

/** Egress only: also set the queueing priority, which picks the class of a qdisc behind. */
const volatile bool set_priority = true;

struct rule {
	__u32 mark;
	__u32 priority;
	bool enabled;
	/** Egress only: the packet leaves with `dscp` for its own value. */
	bool remark;
	__u8 dscp;
	__u8 zero;
};

/** What to do with packets of one DSCP value; the index is the value. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DSCP_VALUES);
	__type(key, __u32);
	__type(value, struct rule);
} rules SEC(".maps");

/** Packets seen by DSCP value, marked or not. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DSCP_VALUES);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

/**
 * The first bytes of the IP header: they have version and DSCP, and are one word of IPv4's
 * checksum.
 */
struct head {
	__u8 bytes[2];
};

/** The packet's DSCP value, or negative when it is not IP. */
static __always_inline int dscp_of(struct __sk_buff *skb, struct head *ip)
{
	__u8 *head = ip->bytes;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, head, sizeof(*ip)))
		return -1;
	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		return head[1] >> 2;
	case bpf_htons(ETH_P_IPV6):
		return (head[0] & 0x0f) << 2 | head[1] >> 6;
	default:
		return -1;
	}
}

static __always_inline struct rule *rule_for(struct __sk_buff *skb, struct head *ip)
{
	int dscp = dscp_of(skb, ip);
	struct rule *rule;
	__u64 *packets;

	if (dscp < 0)
		return NULL;
	packets = bpf_map_lookup_elem(&seen, &dscp);
	if (packets)
		*packets += 1;
	rule = bpf_map_lookup_elem(&rules, &dscp);
	return rule && rule->enabled ? rule : NULL;
}

/** Gives the packet another DSCP value and leaves its ECN bits alone; nonzero when that fails. */
static __always_inline long set_dscp(struct __sk_buff *skb, const struct head *ip, __u8 dscp)
{
	const __u8 *head = ip->bytes;
	bool is_ipv4 = skb->protocol == bpf_htons(ETH_P_IP);
	struct head changed = { { head[0], dscp << 2 | (head[1] & 0x03) } };
	__be16 from, to;

	if (!is_ipv4) {
		changed.bytes[0] = (head[0] & 0xf0) | dscp >> 2;
		changed.bytes[1] = dscp << 6 | (head[1] & 0x3f);
	}
	if (bpf_skb_store_bytes(skb, ETH_HLEN, &changed, sizeof(changed), 0))
		return -1;
	if (!is_ipv4)
		return 0;
	__builtin_memcpy(&from, head, sizeof(from));
	__builtin_memcpy(&to, &changed, sizeof(to));
	return bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), from, to, sizeof(to));
}

SEC("tc")
int mark_ingress(struct __sk_buff *skb)
{
	struct head ip;
	struct rule *rule = rule_for(skb, &ip);

	if (rule)
		skb->mark = rule->mark;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int mark_egress(struct __sk_buff *skb)
{
	struct head ip;
	struct rule *rule = rule_for(skb, &ip);

	if (!rule)
		return TC_ACT_UNSPEC;
	skb->mark = rule->mark;
	if (set_priority)
		skb->priority = rule->priority;
	/* A packet that is half changed would have a wrong checksum. */
	if (rule->remark && set_dscp(skb, &ip, rule->dscp))
		return TC_ACT_SHOT;
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
