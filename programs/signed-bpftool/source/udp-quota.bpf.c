// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/**
 * UDP datagrams that one source may send. It is a constant of the signed loader, so it cannot
 * be raised afterwards.
 */
const volatile __u32 quota = 2;

/** Datagrams above their source's quota. */
__u64 dropped;

/** Datagrams by source address, in network byte order. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __be32);
	__type(value, __u32);
} sent SEC(".maps");

/** Datagrams that reached a socket of the cgroup. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

SEC("xdp")
int limit_udp(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = (void *)(eth + 1);
	__u32 first = 1;
	__u32 *count;

	if ((void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->protocol != IPPROTO_UDP)
		return XDP_PASS;
	count = bpf_map_lookup_elem(&sent, &ip->saddr);
	if (!count) {
		bpf_map_update_elem(&sent, &ip->saddr, &first, BPF_NOEXIST);
		return XDP_PASS;
	}
	if (*count < quota) {
		__sync_fetch_and_add(count, 1);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&dropped, 1);
	return XDP_DROP;
}

SEC("cgroup_skb/ingress")
int count_udp(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *count;
	__u8 protocol;

	/* What a cgroup sees of a packet begins with its IP header. */
	if (skb->protocol != bpf_htons(ETH_P_IP) ||
	    bpf_skb_load_bytes(skb, __builtin_offsetof(struct iphdr, protocol), &protocol, sizeof(protocol)) ||
	    protocol != IPPROTO_UDP)
		return 1;
	count = bpf_map_lookup_elem(&arrived, &zero);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 1;
}

char _license[] SEC("license") = "Dual BSD/GPL";
