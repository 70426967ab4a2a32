// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define MIN_CWND 2u

struct sock {
} __attribute__((preserve_access_index));

struct tcp_sock {
	__u32 snd_cwnd;
	__u32 snd_cwnd_cnt;
	__u32 snd_cwnd_clamp;
	__u32 snd_ssthresh;
	__u32 prior_cwnd;
} __attribute__((preserve_access_index));

/** The members that are implemented; libbpf matches them with the kernel's by name. */
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))

/** Multiplicative decrease: half the window. */
SEC("struct_ops/aimd_ssthresh")
__u32 BPF_PROG(aimd_ssthresh, struct sock *sk)
{
	const struct tcp_sock *tp = (void *)sk;

	return max(tp->snd_cwnd >> 1, MIN_CWND);
}

/**
 * Slow start below the threshold, then one segment for each window that was acknowledged (RFC 5681,
 * 3.1).
 */
SEC("struct_ops/aimd_cong_avoid")
void BPF_PROG(aimd_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
	struct tcp_sock *tp = (void *)sk;
	__u32 cwnd = tp->snd_cwnd;
	__u32 count;

	if (cwnd < tp->snd_ssthresh) {
		tp->snd_cwnd = min(cwnd + acked, tp->snd_cwnd_clamp);
		return;
	}
	count = tp->snd_cwnd_cnt + acked;
	if (count >= cwnd) {
		count = 0;
		tp->snd_cwnd = min(cwnd + 1, tp->snd_cwnd_clamp);
	}
	tp->snd_cwnd_cnt = count;
}

SEC("struct_ops/aimd_undo_cwnd")
__u32 BPF_PROG(aimd_undo_cwnd, struct sock *sk)
{
	const struct tcp_sock *tp = (void *)sk;

	return max(tp->snd_cwnd, tp->prior_cwnd);
}

SEC(".struct_ops")
struct tcp_congestion_ops aimd = {
	.ssthresh = (void *)aimd_ssthresh,
	.cong_avoid = (void *)aimd_cong_avoid,
	.undo_cwnd = (void *)aimd_undo_cwnd,
	.name = "bpf_aimd",
};

char _license[] SEC("license") = "Dual BSD/GPL";
