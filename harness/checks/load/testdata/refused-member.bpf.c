// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two struct_ops maps: the verifier refuses one program of the first. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct sock {
	int x;
} __attribute__((preserve_access_index));

struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
} __attribute__((preserve_access_index));

SEC("struct_ops")
__u32 BPF_PROG(bad_ssthresh, struct sock *sk)
{
	return *(volatile __u32 *)8;
}

SEC("struct_ops")
__u32 BPF_PROG(good_ssthresh, struct sock *sk)
{
	return 2;
}

SEC("struct_ops")
void BPF_PROG(good_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
}

/* libbpf loads it although its section does not ask for it: maps refer to it. */
SEC("?struct_ops")
__u32 BPF_PROG(good_undo, struct sock *sk)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops bad_cc = {
	.ssthresh = (void *)bad_ssthresh,
	.cong_avoid = (void *)good_cong_avoid,
	.undo_cwnd = (void *)good_undo,
	.name = "bad_cc",
};

SEC(".struct_ops")
struct tcp_congestion_ops good_cc = {
	.ssthresh = (void *)good_ssthresh,
	.cong_avoid = (void *)good_cong_avoid,
	.undo_cwnd = (void *)good_undo,
	.name = "good_cc",
};
