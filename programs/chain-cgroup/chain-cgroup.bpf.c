// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ALLOW 1
#define DENY 0

/** A task connects to no such port; 23 is TELNET. */
const volatile __u16 denied_port = 23;
/**
 * Address of a service, and that of the backend behind it, in host order: 192.0.2.80 and 127.0.0.1.
 */
const volatile __u32 service_address = 0xc0000250;
const volatile __u32 backend_address = INADDR_LOOPBACK;

/** Connections that the pod asked for, by protocol (IPPROTO_*). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} connections SEC(".maps");

/** First, on the task's cgroup: refuses the denied port. */
SEC("cgroup/connect4")
int task_policy(struct bpf_sock_addr *ctx)
{
	return ctx->user_port == bpf_htons(denied_port) ? DENY : ALLOW;
}

/**
 * Second, on the pod's: counts, also what was refused, because every program of a cgroup has its
 * turn.
 */
SEC("cgroup/connect4")
int pod_account(struct bpf_sock_addr *ctx)
{
	__u32 protocol = ctx->protocol;
	__u64 *count = bpf_map_lookup_elem(&connections, &protocol);

	if (count)
		*count += 1;
	return ALLOW;
}

/**
 * Last, on the node's: the address of a service becomes that of its backend; no other member
 * changes it.
 */
SEC("cgroup/connect4")
int node_translate(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == bpf_htonl(service_address))
		ctx->user_ip4 = bpf_htonl(backend_address);
	return ALLOW;
}

char _license[] SEC("license") = "Dual BSD/GPL";
