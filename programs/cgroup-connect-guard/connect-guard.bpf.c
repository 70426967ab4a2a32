// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ALLOW 1
#define DENY 0

#define IP_OFFSET 0x1fff /* fragment offset in iphdr.frag_off */
#define PORT_OFFSET 2	 /* of the destination port in the headers of TCP and UDP */

/** Report what would be denied, and let it through. */
const volatile bool audit_only = false;

/** A destination; IPv4 in the form of RFC 4291's mapped addresses, port 0 for every port. */
struct destination {
	__be32 address[4];
	__be16 port;
	__u16 zero;
};

struct event {
	__u64 time_ns;
	__u64 cookie;
	__u32 uid;
	__u32 protocol;
	struct destination destination;
};
/**
 * For the BTF only, in which readers of `events` find what it holds: a ring buffer does not say.
 */
const struct event *event_of_events __attribute__((unused));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct destination);
	__type(value, __u8);
} denied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

enum counter {
	COUNT_ALLOWED,
	COUNT_DENIED,
	COUNT_EVENT_LOST,
	COUNT_PACKET_ALLOWED,
	COUNT_PACKET_DENIED,
	COUNTERS,
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, enum counter);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(enum counter counter)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &counter);

	if (value)
		*value += 1;
}

static __always_inline bool is_denied(const struct destination *destination)
{
	struct destination any_port = *destination;

	any_port.port = 0;
	return bpf_map_lookup_elem(&denied, destination) || bpf_map_lookup_elem(&denied, &any_port);
}

static __always_inline void report(const struct destination *destination, __u32 protocol, __u32 uid, __u64 cookie)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count(COUNT_EVENT_LOST);
		return;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->cookie = cookie;
	event->uid = uid;
	event->protocol = protocol;
	event->destination = *destination;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline int judge(struct bpf_sock_addr *ctx, const struct destination *destination)
{
	if (!is_denied(destination)) {
		count(COUNT_ALLOWED);
		return ALLOW;
	}
	count(COUNT_DENIED);
	report(destination, ctx->protocol, bpf_get_current_uid_gid(), bpf_get_socket_cookie(ctx));
	return audit_only ? ALLOW : DENY;
}

SEC("cgroup/connect4")
int guard_connect4(struct bpf_sock_addr *ctx)
{
	struct destination destination = {
		.address = { 0, 0, bpf_htonl(0xffff), ctx->user_ip4 },
		.port = ctx->user_port,
	};

	return judge(ctx, &destination);
}

SEC("cgroup/connect6")
int guard_connect6(struct bpf_sock_addr *ctx)
{
	struct destination destination = {
		.address = { ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3] },
		.port = ctx->user_port,
	};

	return judge(ctx, &destination);
}

/**
 * Where an IPv4 packet goes; its protocol, or 0 when the packet is too short. Later fragments have
 * no port.
 */
static __always_inline __u8 destination4(struct __sk_buff *skb, struct destination *destination)
{
	struct iphdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	destination->address[2] = bpf_htonl(0xffff);
	destination->address[3] = ip.daddr;
	if (ip.protocol != IPPROTO_TCP && ip.protocol != IPPROTO_UDP)
		return ip.protocol;
	if (!(ip.frag_off & bpf_htons(IP_OFFSET)))
		bpf_skb_load_bytes(skb, ip.ihl * 4 + PORT_OFFSET, &destination->port, sizeof(destination->port));
	return ip.protocol;
}

/** The same of IPv6; of what stands behind extension headers only the address is known. */
static __always_inline __u8 destination6(struct __sk_buff *skb, struct destination *destination)
{
	struct ipv6hdr ip;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	__builtin_memcpy(destination->address, &ip.daddr, sizeof(destination->address));
	if (ip.nexthdr == IPPROTO_TCP || ip.nexthdr == IPPROTO_UDP)
		bpf_skb_load_bytes(skb, sizeof(ip) + PORT_OFFSET, &destination->port, sizeof(destination->port));
	return ip.nexthdr;
}

/**
 * Packets that no connect() announced: of UDP without one, of sockets connected before the guard
 * came.
 */
SEC("cgroup_skb/egress")
int guard_egress(struct __sk_buff *skb)
{
	struct destination destination = {};
	__u8 protocol;

	switch (skb->protocol) {
	case bpf_htons(ETH_P_IP):
		protocol = destination4(skb, &destination);
		break;
	case bpf_htons(ETH_P_IPV6):
		protocol = destination6(skb, &destination);
		break;
	default:
		return ALLOW;
	}
	if (!is_denied(&destination)) {
		count(COUNT_PACKET_ALLOWED);
		return ALLOW;
	}
	count(COUNT_PACKET_DENIED);
	report(&destination, protocol, bpf_get_socket_uid(skb), bpf_get_socket_cookie(skb));
	return audit_only ? ALLOW : DENY;
}

char _license[] SEC("license") = "Dual BSD/GPL";
