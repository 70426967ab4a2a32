// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A chain of tail calls that exceeds the kernel's limit: a root and members 1 to 34, which count
 * their runs and call the next one, each through its own array.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/* Runs of each member, indexed from 1. */
__u32 runs[35] SEC(".bss.runs");

#define ARRAY(name)                                    \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, 1);                \
		__type(key, __u32);                    \
		__type(value, __u32);                  \
	} name SEC(".maps");

#define MEMBER(number)                                            \
	ARRAY(next_##number)                                      \
	SEC("?xdp")                                               \
	int xdp_##number(struct xdp_md *packet)                   \
	{                                                         \
		__sync_fetch_and_add(&runs[number], 1);           \
		bpf_tail_call(packet, &next_##number, 0);         \
		return XDP_PASS;                                  \
	}                                                         \
	SEC("?tc")                                                \
	int tc_##number(struct __sk_buff *packet)                 \
	{                                                         \
		__sync_fetch_and_add(&runs[number], 1);           \
		bpf_tail_call(packet, &next_##number, 0);         \
		return TC_ACT_OK;                                 \
	}

MEMBER(0)
MEMBER(1)
MEMBER(2)
MEMBER(3)
MEMBER(4)
MEMBER(5)
MEMBER(6)
MEMBER(7)
MEMBER(8)
MEMBER(9)
MEMBER(10)
MEMBER(11)
MEMBER(12)
MEMBER(13)
MEMBER(14)
MEMBER(15)
MEMBER(16)
MEMBER(17)
MEMBER(18)
MEMBER(19)
MEMBER(20)
MEMBER(21)
MEMBER(22)
MEMBER(23)
MEMBER(24)
MEMBER(25)
MEMBER(26)
MEMBER(27)
MEMBER(28)
MEMBER(29)
MEMBER(30)
MEMBER(31)
MEMBER(32)
MEMBER(33)
MEMBER(34)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
