// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* As many members as there may be tail calls, m00 to m32, a root, and `deaf`, which calls nobody. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "ten.h"

#define MEMBER(name)                                   \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY); \
		__uint(max_entries, 1);                \
		__type(key, __u32);                    \
		__type(value, __u32);                  \
	} name##_next SEC(".maps");                    \
	SEC("xdp")                                     \
	int name(struct xdp_md *packet)                \
	{                                              \
		bpf_tail_call(packet, &name##_next, 0); \
		return XDP_PASS;                       \
	}

MEMBER(root)
TEN(m0)
TEN(m1)
TEN(m2)
MEMBER(m30)
MEMBER(m31)
MEMBER(m32)

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} deaf_next SEC(".maps");

SEC("xdp")
int deaf(struct xdp_md *packet)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
