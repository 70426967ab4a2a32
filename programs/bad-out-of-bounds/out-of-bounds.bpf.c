// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_helpers.h>

#define BUCKETS 16

struct buckets {
	__u64 packets[BUCKETS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct buckets);
} by_length SEC(".maps");

/** Bad: reads the Ethernet header without asking whether the packet has one. */
SEC("xdp")
int read_past_packet(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;

	return eth->h_proto ? XDP_PASS : XDP_DROP;
}

/** Bad: a packet of 1 KiB or more counts in a bucket that is not there. */
SEC("xdp")
int write_past_map_value(struct xdp_md *ctx)
{
	__u32 bucket = (ctx->data_end - ctx->data) / 64;
	__u32 key = 0;
	struct buckets *buckets = bpf_map_lookup_elem(&by_length, &key);

	if (buckets)
		buckets->packets[bucket]++;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
