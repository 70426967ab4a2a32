// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Congestion controls with what a kernel lacks: FUTURE has a member that no kernel has, LINK a link. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct sock;
struct tcp_congestion_ops___own {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
#ifdef FUTURE
	void (*from_the_future)(struct sock *sk);
#endif
	char name[16];
	void *owner;
};

SEC("struct_ops")
__u32 BPF_PROG(ssthresh, struct sock *sk)
{
	return 2;
}

SEC("struct_ops")
void BPF_PROG(cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

SEC("struct_ops")
__u32 BPF_PROG(undo_cwnd, struct sock *sk)
{
	return 2;
}

#ifdef FUTURE
SEC("struct_ops")
void BPF_PROG(future, struct sock *sk)
{
}
#endif

#ifdef LINK
SEC(".struct_ops.link")
#else
SEC(".struct_ops")
#endif
struct tcp_congestion_ops___own control = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd,
#ifdef FUTURE
	.from_the_future = (void *)future,
#endif
	.name = "bpfgate_own",
};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
