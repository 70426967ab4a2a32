// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that the manifest loads with flags and levels of the verifier's log. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* The frame is at an odd address for the verifier: 4 bytes of it are not aligned. */
#define READS_UNALIGNED(name)                                                                                          \
	int name(struct xdp_md *ctx)                                                                                   \
	{                                                                                                              \
		void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;                              \
                                                                                                                       \
		if (data + 5 > end)                                                                                    \
			return XDP_DROP;                                                                               \
		return *(volatile __u32 *)(data + 1) == 0 ? XDP_DROP : XDP_PASS;                                       \
	}

#define PASSES(name)                                                                                                   \
	int name(struct xdp_md *ctx)                                                                                   \
	{                                                                                                              \
		return XDP_PASS;                                                                                       \
	}

SEC("xdp") READS_UNALIGNED(lenient)
SEC("xdp") READS_UNALIGNED(strict)
SEC("xdp") READS_UNALIGNED(any)
SEC("xdp") PASSES(with_frags)
SEC("xdp.frags") PASSES(frags_by_section)
SEC("xdp") PASSES(invariants)
SEC("xdp") PASSES(tested)
SEC("xdp") PASSES(sleeping)
SEC("xdp") PASSES(silent)
SEC("xdp") PASSES(with_instructions)

/* A helper for programs that may sleep. */
#define COPIES(name)                                                                                                   \
	int name(void *ctx)                                                                                            \
	{                                                                                                              \
		long copied;                                                                                           \
                                                                                                                       \
		bpf_copy_from_user(&copied, sizeof(copied), (void *)0);                                                \
		return 0;                                                                                              \
	}

SEC("lsm/bprm_committed_creds") COPIES(asleep)
SEC("lsm/bprm_committed_creds") COPIES(awake)
