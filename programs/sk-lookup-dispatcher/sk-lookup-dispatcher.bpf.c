// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

struct service {
	__u32 protocol;
	__u32 port;
};

/** Which slot of `listeners` serves a local port. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct service);
	__type(value, __u32);
} services SEC(".maps");

/** Listening sockets, put there by their owners. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} listeners SEC(".maps");

/**
 * Lets one socket answer on many ports: the packet goes to the listener of its service, if there is
 * one.
 */
SEC("sk_lookup")
int dispatch(struct bpf_sk_lookup *ctx)
{
	struct service service = { .protocol = ctx->protocol, .port = ctx->local_port };
	__u32 *slot = bpf_map_lookup_elem(&services, &service);
	struct bpf_sock *listener;
	long failed;

	if (!slot)
		return SK_PASS;
	listener = bpf_map_lookup_elem(&listeners, slot);
	if (!listener)
		return SK_PASS;
	failed = bpf_sk_assign(ctx, listener, 0);
	bpf_sk_release(listener);
	return failed ? SK_DROP : SK_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
