// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As many members as a dispatcher has slots. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MEMBER(name)                       \
	__u64 name##_runs;                 \
	SEC("xdp")                         \
	int name(struct xdp_md *packet)    \
	{                                  \
		name##_runs++;             \
		return XDP_PASS;           \
	}

MEMBER(m0)
MEMBER(m1)
MEMBER(m2)
MEMBER(m3)
MEMBER(m4)
MEMBER(m5)
MEMBER(m6)
MEMBER(m7)
MEMBER(m8)
MEMBER(m9)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
