// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define WORDS 48 /* 384 bytes */

struct sample {
	__u64 words[WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 64);
	__uint(value_size, sizeof(struct sample));
} samples SEC(".maps");

static __noinline int push_copy(const struct sample *sample)
{
	struct sample copy;

	__builtin_memcpy(&copy, sample, sizeof(copy));
	copy.words[0] = ~copy.words[0];
	return bpf_map_push_elem(&samples, &copy, BPF_EXIST);
}

/** Bad: each function fits in the stack of 512 bytes, both together do not. */
SEC("xdp")
int keep_sample(struct xdp_md *ctx)
{
	struct sample sample = {};

	sample.words[0] = ctx->rx_queue_index;
	return push_copy(&sample) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
