// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A router's work on a packet, right and, with one of the names below defined, wrong in one way. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifdef MUTANT_VERDICTS_SWAPPED
#define PASS XDP_DROP
#define DROP XDP_PASS
#else
#define PASS XDP_PASS
#define DROP XDP_DROP
#endif

enum verdict { FORWARDED, EXPIRED, VERDICTS };

struct expiry {
	__be32 source;
	__u16 length;
	__u8 protocol;
	__u8 ttl;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VERDICTS);
	__type(key, enum verdict);
	__type(value, __u64);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __be32);
	__type(value, struct expiry);
} last_expiry SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} expiries SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} tables SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u32);
} answers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} samples SEC(".maps");

__u64 packets_seen;

static __always_inline void count(enum verdict verdict)
{
	__u32 key = verdict;
	__u64 *value = bpf_map_lookup_elem(&verdicts, &key);

	if (value)
#ifdef MUTANT_COUNTER_OFF_BY_ONE
		*value += 2;
#else
		*value += 1;
#endif
}

static __always_inline int expire(struct iphdr *ip)
{
	struct expiry expiry = {
		.source = ip->saddr,
		.length = bpf_ntohs(ip->tot_len),
		.protocol = ip->protocol,
#ifdef MUTANT_EVENT_WRONG
		.ttl = ip->ttl + 1,
#else
		.ttl = ip->ttl,
#endif
	};

	count(EXPIRED);
	bpf_map_update_elem(&last_expiry, &expiry.source, &expiry, BPF_ANY);
#ifndef MUTANT_EVENT_MISSING
	bpf_ringbuf_output(&expiries, &expiry, sizeof(expiry), 0);
#endif
	return DROP;
}

/** RFC 1624: one less in the high byte is one more in the sum's. */
static __always_inline void decrement_ttl(struct iphdr *ip)
{
	__u32 check = ip->check + bpf_htons(0x0100);

#ifdef MUTANT_CHECKSUM_NOT_UPDATED
	check = ip->check;
#endif
	ip->ttl--;
	ip->check = check + (check >= 0xffff);
}

SEC("xdp")
int route(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);
	struct udphdr *udp = (void *)(ip + 1);

	packets_seen++;
	if ((void *)(udp + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP) || ip->ihl != 5)
		return PASS;
	if (ip->ttl <= 1)
		return expire(ip);
	decrement_ttl(ip);
	count(FORWARDED);
#ifdef MUTANT_PAYLOAD_MANGLED
	if ((void *)(udp + 1) + 4 <= end)
		((__u8 *)(udp + 1))[3] ^= 1;
#endif
#ifdef MUTANT_LENGTH_CHANGED
	bpf_xdp_adjust_tail(ctx, -1);
#endif
	return PASS;
}

/** Puts the packet's first bytes behind a word of metadata. */
SEC("xdp")
int tag(struct xdp_md *ctx)
{
	__u32 *meta;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return XDP_ABORTED;
	meta = (void *)(long)ctx->data_meta;
	if ((void *)(meta + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
#ifdef MUTANT_METADATA_WRONG
	*meta = bpf_htonl(0xcafef00e);
#else
	*meta = bpf_htonl(0xcafef00d);
#endif
	return XDP_PASS;
}

/** Appends a trailer of four zeros. */
SEC("xdp")
int grow(struct xdp_md *ctx)
{
#ifndef MUTANT_LENGTH_CHANGED
	bpf_xdp_adjust_tail(ctx, 4);
#endif
	return XDP_TX;
}

SEC("tc")
int mark(struct __sk_buff *skb)
{
#ifdef MUTANT_CONTEXT_WRONG
	skb->mark = 8;
#else
	skb->mark = 7;
#endif
	skb->cb[1] = skb->cb[0] + 1;
	return TC_ACT_OK;
}

/** Returns what table 3 has at 5, or what the queue begins with, and tells it. */
SEC("xdp")
int look(struct xdp_md *ctx)
{
	__u32 table = 3, key = 5, answer = XDP_ABORTED;
	void *inner = bpf_map_lookup_elem(&tables, &table);
	__u32 *found = inner ? bpf_map_lookup_elem(inner, &key) : NULL;

	if (found)
		answer = *found;
	else
		bpf_map_pop_elem(&answers, &answer);
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &answer, sizeof(answer));
	return answer;
}

/** Does on a kernel with multi-buffer XDP (5.18) what it does not do without. */
SEC("xdp")
int ask(struct xdp_md *ctx)
{
	return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_xdp_get_buff_len) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
