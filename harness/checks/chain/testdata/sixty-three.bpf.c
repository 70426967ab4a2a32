// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As many members as a list of tcx takes, m00 to m62. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "ten.h"

#define MEMBER(name)                        \
	SEC("tc")                           \
	int name(struct __sk_buff *packet)  \
	{                                   \
		return TC_ACT_UNSPEC;       \
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

char LICENSE[] SEC("license") = "Dual BSD/GPL";
