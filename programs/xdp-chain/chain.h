/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/**
 * Declares a member's link to the one behind it: a program array of one slot, which the
 * orchestrator fills with the next member, or leaves empty at the end of the chain.
 */
#define CHAIN_NEXT(name)                                \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);  \
		__uint(max_entries, 1);                 \
		__uint(key_size, sizeof(__u32));        \
		__uint(value_size, sizeof(__u32));      \
	} name SEC(".maps")

/** Hands the packet on; a tail call into an empty slot falls through, and the packet passes. */
#define chain_continue(ctx, next)           \
	({                                  \
		bpf_tail_call(ctx, next, 0); \
		XDP_PASS;                   \
	})
