// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that do what no program should, each for packets that its vector has none of. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __be32);
	__type(value, __u32);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline struct iphdr *ipv4(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	return (void *)(ip + 1) <= end && eth->h_proto == bpf_htons(ETH_P_IP) ? ip : NULL;
}

/** Counts, and asks nothing that differs between kernels. */
SEC("xdp")
int sound(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	__u32 key = ip ? ip->ihl & 3 : 0;
	__u64 *count = bpf_map_lookup_elem(&seen, &key);

	if (count)
		*count += 1;
	return ip && bpf_map_lookup_elem(&sources, &ip->saddr) ? XDP_DROP : XDP_PASS;
}

/** Options are dropped only where bpf_xdp_load_bytes() is, and only of a source that is listed. */
SEC("xdp")
int differs(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);

	if (ip && ip->ihl > 5 && bpf_map_lookup_elem(&sources, &ip->saddr) &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_load_bytes))
		return XDP_DROP;
	return XDP_PASS;
}

SEC("xdp")
int strays(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);

	return ip && ip->tot_len == 0xffff ? 77 : XDP_PASS;
}

/** What has a VLAN tag gets 1000 bytes more. */
SEC("xdp")
int grows(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;

	if ((void *)(eth + 1) <= end && eth->h_proto == bpf_htons(ETH_P_8021Q))
		bpf_xdp_adjust_tail(ctx, 1000);
	return XDP_PASS;
}

/** Where the packet is no longer as its vector has it, chance decides. */
SEC("xdp")
int gambles(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);
	int plain = ip && ip->ihl == 5 && ip->ttl == 64 && !ip->tos && !ip->id && !ip->frag_off &&
		    ip->tot_len == bpf_htons(728);

	return !plain && bpf_get_prandom_u32() & 1 ? XDP_DROP : XDP_PASS;
}

static long turn(__u32 index, void *data)
{
	return 0;
}

static long many_turns(__u32 index, void *data)
{
	bpf_loop(1 << 23, turn, NULL, 0);
	return 0;
}

/** Fragments that say that more will come are not left before weeks have passed. */
SEC("?xdp")
int hangs(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);

	if (ip && ip->frag_off & bpf_htons(0x2000))
		bpf_loop(1 << 23, many_turns, NULL, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
