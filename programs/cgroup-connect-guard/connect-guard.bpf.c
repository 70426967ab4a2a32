// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ALLOW 1
#define DENY 0

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

enum counter { COUNT_ALLOWED, COUNT_DENIED, COUNT_EVENT_LOST, COUNTERS };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTERS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(__u32 counter)
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

static __always_inline void report(struct bpf_sock_addr *ctx, const struct destination *destination)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count(COUNT_EVENT_LOST);
		return;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->cookie = bpf_get_socket_cookie(ctx);
	event->uid = bpf_get_current_uid_gid();
	event->protocol = ctx->protocol;
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
	report(ctx, destination);
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

char _license[] SEC("license") = "Dual BSD/GPL";
