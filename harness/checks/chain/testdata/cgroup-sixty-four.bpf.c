// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As many members as a cgroup takes, m00 to m63. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "ten.h"

#define MEMBER(name)                          \
	SEC("cgroup/connect4")                \
	int name(struct bpf_sock_addr *call)  \
	{                                     \
		return 1;                     \
	}

TEN(m0)
TEN(m1)
TEN(m2)
TEN(m3)
TEN(m4)
TEN(m5)
MEMBER(m60)
MEMBER(m61)
MEMBER(m62)
MEMBER(m63)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
