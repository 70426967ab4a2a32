// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ROUNDS 1000000

/** One round of Marsaglia's xorshift. */
static __always_inline __u64 shuffle(__u64 value)
{
	value ^= value << 13;
	value ^= value >> 7;
	return value ^ value << 17;
}

/**
 * Bad: the loop ends, but the verifier walks every round of it and gives up at a million
 * instructions. Unrolled so that it keeps fewer states, and gives up within two seconds even in an
 * emulated guest.
 */
SEC("xdp")
int shuffle_long(struct xdp_md *ctx)
{
	__u64 value = bpf_get_prandom_u32();

#pragma clang loop unroll_count(64)
	for (__u32 round = 0; round < ROUNDS; round++)
		value = shuffle(value);
	return value & 1 ? XDP_PASS : XDP_DROP;
}

/** Bad: each round leaves a branch to come back to, and the verifier keeps at most 8192 of them. */
SEC("xdp")
int branch_often(struct xdp_md *ctx)
{
	__u64 value = bpf_get_prandom_u32();
	__u32 sum = 0;

	for (__u32 round = 0; round < ROUNDS; round++) {
		value = shuffle(value);
		if (value & 1)
			sum += round;
	}
	return sum & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
