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
	__u32 enabled;
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

/** The packet's DSCP value, or negative when it is not IP. */
static __always_inline int dscp_of(struct __sk_buff *skb)
{
	__u8 head[2];

	if (bpf_skb_load_bytes(skb, ETH_HLEN, head, sizeof(head)))
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

static __always_inline struct rule *rule_for(struct __sk_buff *skb)
{
	int dscp = dscp_of(skb);
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

SEC("tc")
int mark_ingress(struct __sk_buff *skb)
{
	struct rule *rule = rule_for(skb);

	if (rule)
		skb->mark = rule->mark;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int mark_egress(struct __sk_buff *skb)
{
	struct rule *rule = rule_for(skb);

	if (rule) {
		skb->mark = rule->mark;
		if (set_priority)
			skb->priority = rule->priority;
	}
	return TC_ACT_UNSPEC;
}

char _license[] SEC("license") = "Dual BSD/GPL";
