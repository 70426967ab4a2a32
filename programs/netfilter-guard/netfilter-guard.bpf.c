// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

#define NF_DROP 0
#define NF_ACCEPT 1

/** The kernel's packet; only the dynptr made from it reads the bytes. */
struct sk_buff {
} __attribute__((preserve_access_index));

struct bpf_nf_ctx {
	const void *state;
	struct sk_buff *skb;
} __attribute__((preserve_access_index));

extern int bpf_dynptr_from_skb(struct sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 size) __ksym;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u8);
	__type(value, __u64);
} dropped_protocols SEC(".maps");

/** Drops IPv4 packets of the protocols listed (47 GRE, 4 IPIP, ...), and counts them. */
SEC("netfilter")
int guard_protocols(struct bpf_nf_ctx *ctx)
{
	struct bpf_dynptr packet;
	struct iphdr buffer;
	struct iphdr *ip;
	__u64 *dropped;
	__u8 protocol;

	if (bpf_dynptr_from_skb(ctx->skb, 0, &packet))
		return NF_ACCEPT;
	ip = bpf_dynptr_slice(&packet, 0, &buffer, sizeof(buffer));
	if (!ip || ip->version != 4)
		return NF_ACCEPT;
	protocol = ip->protocol;
	dropped = bpf_map_lookup_elem(&dropped_protocols, &protocol);
	if (!dropped)
		return NF_ACCEPT;
	__sync_fetch_and_add(dropped, 1);
	return NF_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
