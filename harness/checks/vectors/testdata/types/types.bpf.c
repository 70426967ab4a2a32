// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One program of each type that BPF_PROG_TEST_RUN knows, and of some that it does not; MUTANT makes each of them wrong. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/netfilter.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifdef MUTANT
#define RIGHT_OR(right, wrong) (wrong)
#else
#define RIGHT_OR(right, wrong) (right)
#endif

enum counter {
	COUNT_SOCKET_FILTER,
	COUNT_CGROUP_INGRESS,
	COUNT_RAW_TRACEPOINT,
	COUNT_FENTRY,
	COUNT_FEXIT,
	COUNT_MODIFY_RETURN,
	COUNTERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, enum counter);
	__type(value, __u64);
} counters SEC(".maps");

static void count(enum counter counter, __u64 amount)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		__sync_fetch_and_add(value, amount);
}

/** Keeps the headers of UDP, which begin with that of IP, and nothing else. */
SEC("socket")
int keep_headers(struct __sk_buff *skb)
{
	__u8 protocol;

	if (bpf_skb_load_bytes(skb, offsetof(struct iphdr, protocol), &protocol, sizeof(protocol)))
		return 0;
	count(COUNT_SOCKET_FILTER, skb->len);
	return protocol == RIGHT_OR(IPPROTO_UDP, IPPROTO_TCP) ? 28 : 0;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	skb->mark = RIGHT_OR(7, 8);
	skb->cb[1] = skb->priority;
	return skb->protocol == bpf_htons(ETH_P_IP) ? TC_ACT_OK : TC_ACT_SHOT;
}

SEC("action")
int police(struct __sk_buff *skb)
{
	skb->priority = 5;
	return skb->len > 60 ? RIGHT_OR(TC_ACT_SHOT, TC_ACT_PIPE) : TC_ACT_PIPE;
}

/** A packet that begins with the IP header: its time to live, or -1. */
static __always_inline int ttl_of(struct __sk_buff *skb)
{
	struct iphdr *ip = (void *)(long)skb->data;

	return (void *)(ip + 1) > (void *)(long)skb->data_end ? -1 : ip->ttl;
}

SEC("cgroup_skb/ingress")
int admit(struct __sk_buff *skb)
{
	count(COUNT_CGROUP_INGRESS, RIGHT_OR(skb->len, skb->len + 14));
	return ttl_of(skb) > 1;
}

SEC("cgroup_skb/egress")
int emit(struct __sk_buff *skb)
{
	__u8 ttl;

	if (bpf_skb_load_bytes(skb, offsetof(struct iphdr, ttl), &ttl, sizeof(ttl)))
		return 0;
	return ttl > RIGHT_OR(1, 100);
}

/** Puts IPv4 into IPv6. */
SEC("lwt_in")
int encapsulate(struct __sk_buff *skb)
{
	struct ipv6hdr outer = { .version = 6, .nexthdr = IPPROTO_IPIP, .hop_limit = RIGHT_OR(64, 63) };

	outer.payload_len = bpf_htons(skb->len);
	outer.saddr.s6_addr[15] = 1;
	outer.daddr.s6_addr[15] = 2;
	return bpf_lwt_push_encap(skb, BPF_LWT_ENCAP_IP, &outer, sizeof(outer)) ? BPF_DROP : BPF_OK;
}

SEC("lwt_out")
int leave(struct __sk_buff *skb)
{
	return ttl_of(skb) > RIGHT_OR(1, 100) ? BPF_OK : BPF_DROP;
}

/** Another hop, but for the checksum. */
SEC("lwt_xmit")
int hop(struct __sk_buff *skb)
{
	__u8 ttl = ttl_of(skb) - RIGHT_OR(1, 2);

	bpf_skb_store_bytes(skb, offsetof(struct iphdr, ttl), &ttl, sizeof(ttl), 0);
	return BPF_OK;
}

SEC("lwt_seg6local")
int segment(struct __sk_buff *skb)
{
	return skb->len > 20 ? RIGHT_OR(BPF_OK, BPF_DROP) : BPF_DROP;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	struct bpf_flow_keys *keys = skb->flow_keys;
	/* No packet is so long that its headers began later: the verifier is to know it. */
	__u32 nhoff = keys->nhoff & 0xfff;
	struct iphdr *ip = (void *)(long)skb->data + nhoff;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end || ip->version != 4)
		return RIGHT_OR(BPF_DROP, BPF_OK);
	keys->addr_proto = ETH_P_IP;
	keys->ip_proto = ip->protocol;
	keys->ipv4_src = RIGHT_OR(ip->saddr, ip->daddr);
	keys->ipv4_dst = ip->daddr;
	keys->thoff = nhoff + ip->ihl * 4;
	return BPF_OK;
}

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} listeners SEC(".maps");

SEC("sk_lookup")
int steer(struct bpf_sk_lookup *ctx)
{
	__u32 port = RIGHT_OR(ctx->local_port, ctx->local_port + 1);
	struct bpf_sock *socket = bpf_map_lookup_elem(&listeners, &port);
	long failed;

	if (!socket)
		return ctx->local_port == 9 ? SK_DROP : SK_PASS;
	failed = bpf_sk_assign(ctx, socket, 0);
	bpf_sk_release(socket);
	return failed ? SK_DROP : SK_PASS;
}

SEC("raw_tp/task_rename")
int sum(struct bpf_raw_tracepoint_args *ctx)
{
	count(COUNT_RAW_TRACEPOINT, 1);
	return ctx->args[0] + RIGHT_OR(ctx->args[1], 0);
}

SEC("raw_tp.w/nbd_send_request")
int rewrite(struct bpf_raw_tracepoint_args *ctx)
{
	return 0;
}

struct question {
	__u32 terms[2];
	__u32 sum;
};

SEC("syscall")
int add(struct question *question)
{
	question->sum = question->terms[0] + RIGHT_OR(question->terms[1], 0);
	return question->sum > 100 ? -1 : 0;
}

/** `struct bpf_nf_ctx` is no part of the interface; what it points to is not looked at. */
SEC("netfilter")
int guard(void *ctx)
{
	return RIGHT_OR(NF_ACCEPT, NF_DROP);
}

/* The arguments are ints: the upper half of their registers is whatever was there before. */
SEC("fentry/bpf_fentry_test1")
int on_entry(__u64 *args)
{
	count(COUNT_FENTRY, RIGHT_OR((__u32)args[0], (__u32)args[0] + 1));
	return 0;
}

SEC("fexit/bpf_fentry_test2")
int on_exit(__u64 *args)
{
	count(COUNT_FEXIT, RIGHT_OR((__u32)args[2], (__u32)args[0]));
	return 0;
}

SEC("fmod_ret/bpf_modify_return_test")
int instead(__u64 *args)
{
	count(COUNT_MODIFY_RETURN, RIGHT_OR((__u32)args[0], 0));
	return 0;
}

SEC("fentry/vfs_read")
int on_read(__u64 *args)
{
	return 0;
}

SEC("tp_btf/task_rename")
int on_rename(__u64 *args)
{
	return 0;
}

SEC("kprobe/vfs_read")
int on_probe(void *ctx)
{
	return 0;
}

SEC("sk_msg")
int on_message(struct sk_msg_md *message)
{
	return SK_PASS;
}

SEC("?freplace/ttl_of")
int replacement(struct __sk_buff *skb)
{
	return 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} stages SEC(".maps");

SEC("xdp")
int first_stage(struct xdp_md *xdp)
{
	bpf_tail_call(xdp, &stages, RIGHT_OR(1, 0));
	return XDP_PASS;
}

SEC("xdp")
int last_stage(struct xdp_md *xdp)
{
	return xdp->data_end - xdp->data > 20 ? XDP_TX : XDP_DROP;
}

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct bpf_devmap_val);
} devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} processors SEC(".maps");

SEC("xdp")
int to_device(struct xdp_md *xdp)
{
	return bpf_redirect_map(&devices, RIGHT_OR(1, 2), XDP_ABORTED);
}

SEC("xdp")
int to_processor(struct xdp_md *xdp)
{
	return bpf_redirect_map(&processors, RIGHT_OR(0, 1), XDP_ABORTED);
}

struct hit {
	__u32 packets;
	__u32 last_length;
};

struct hits {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct hit);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct hits);
} tenants SEC(".maps");

/** The BTF of a type that only inner maps name would be without its members. */
struct hit latest;

/** Counts a packet in the map of the tenant that its first byte names. */
SEC("xdp")
int per_tenant(struct xdp_md *xdp)
{
	__u8 *first = (void *)(long)xdp->data;
	struct hit new = { .packets = RIGHT_OR(1, 2), .last_length = xdp->data_end - xdp->data };
	struct hit *hit;
	void *hits;

	if (first + 1 > (__u8 *)(long)xdp->data_end)
		return XDP_ABORTED;
	hits = bpf_map_lookup_elem(&tenants, &(__u32){ *first });
	if (!hits)
		return XDP_DROP;
	hit = bpf_map_lookup_elem(hits, &(__u32){ 7 });
	if (hit)
		new.packets += hit->packets;
	latest = new;
	bpf_map_update_elem(hits, &(__u32){ 7 }, &new, BPF_ANY);
	bpf_map_delete_elem(hits, &(__u32){ RIGHT_OR(9, 8) });
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
