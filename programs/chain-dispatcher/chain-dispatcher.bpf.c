// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/**
 * Packets that would not outlive the next router are dropped here; IPv4 sends them back with an
 * ICMP error each.
 */
const volatile __u8 least_ttl = 2;

/** Frames by length in steps of 256 bytes; the last has all that are longer. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} lengths SEC(".maps");

/** The IPv4 header; NULL for packets of another protocol and those that end within it. */
static __always_inline struct iphdr *ipv4(struct xdp_md *ctx)
{
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > (void *)(long)ctx->data_end || eth->h_proto != bpf_htons(ETH_P_IP))
		return NULL;
	return ip;
}

/** @param frame its length, with the buffers that `data_end` knows nothing of */
static __always_inline enum xdp_action judge_header(struct xdp_md *ctx, __u32 frame)
{
	struct iphdr *ip = ipv4(ctx);
	__u32 header, total;

	if (!ip)
		return XDP_PASS;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header || total > frame - sizeof(struct ethhdr))
		return XDP_DROP;
	return XDP_PASS;
}

static __always_inline enum xdp_action judge_ttl(struct xdp_md *ctx)
{
	struct iphdr *ip = ipv4(ctx);

	return ip && ip->ttl < least_ttl ? XDP_DROP : XDP_PASS;
}

static __always_inline enum xdp_action count(struct xdp_md *ctx, __u32 frame)
{
	__u32 step = frame >> 8;
	__u64 *frames;

	if (step > 7)
		step = 7;
	frames = bpf_map_lookup_elem(&lengths, &step);
	if (frames)
		*frames += 1;
	return XDP_PASS;
}

/** First member: an IPv4 header that contradicts itself or the frame is not worth a second look. */
SEC("xdp")
int check_header(struct xdp_md *ctx)
{
	return judge_header(ctx, ctx->data_end - ctx->data);
}

/**
 * Second member. It relies on the first: of a header that is none it would read a TTL that is none.
 */
SEC("xdp")
int check_ttl(struct xdp_md *ctx)
{
	return judge_ttl(ctx);
}

/** Third member: how long those are that the others let through. */
SEC("xdp")
int measure(struct xdp_md *ctx)
{
	return count(ctx, ctx->data_end - ctx->data);
}

/* The same for frames of several buffers, whose headers are in the first. */

SEC("?xdp.frags")
int check_header_frags(struct xdp_md *ctx)
{
	return judge_header(ctx, bpf_xdp_get_buff_len(ctx));
}

SEC("?xdp.frags")
int check_ttl_frags(struct xdp_md *ctx)
{
	return judge_ttl(ctx);
}

SEC("?xdp.frags")
int measure_frags(struct xdp_md *ctx)
{
	return count(ctx, bpf_xdp_get_buff_len(ctx));
}

char _license[] SEC("license") = "Dual BSD/GPL";
