// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A chain of tail calls for tc, tcx and netkit: `filter` ends it for IPv6. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef SECTION
#define SECTION "tc"
#endif

#define LINK(name, verdict)                                              \
	struct {                                                         \
		__uint(type, BPF_MAP_TYPE_PROG_ARRAY);                   \
		__uint(max_entries, 1);                                  \
		__type(key, __u32);                                      \
		__type(value, __u32);                                    \
	} name##_next SEC(".maps");                                      \
	__u64 name##_runs;                                               \
	SEC(SECTION)                                                     \
	int name(struct __sk_buff *packet)                               \
	{                                                                \
		name##_runs++;                                           \
		if ((verdict) != TC_ACT_UNSPEC)                          \
			return verdict;                                  \
		bpf_tail_call(packet, &name##_next, 0);                  \
		return TC_ACT_UNSPEC;                                    \
	}

LINK(root, TC_ACT_UNSPEC)
LINK(account, TC_ACT_UNSPEC)
LINK(filter, packet->protocol == bpf_htons(ETH_P_IPV6) ? TC_ACT_SHOT : TC_ACT_UNSPEC)
LINK(mark, TC_ACT_UNSPEC)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
