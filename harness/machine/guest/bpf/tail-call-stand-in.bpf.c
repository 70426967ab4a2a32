// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Replaces a member of a chain of tail calls: calls the program in slot 0 of `next` if `goes_on` is
 * set, else returns `verdict`.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct {
	int verdict;
	__u32 goes_on;
} settings SEC(".rodata.settings");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

#define STAND_IN(section, name, type)                      \
	SEC("?" section)                                   \
	int name(type *packet)                             \
	{                                                  \
		if (settings.goes_on)                      \
			bpf_tail_call(packet, &next, 0);   \
		return settings.verdict;                   \
	}

STAND_IN("xdp", stand_in_xdp, struct xdp_md)
STAND_IN("xdp.frags", stand_in_xdp_frags, struct xdp_md)
STAND_IN("tc", stand_in_tc, struct __sk_buff)
STAND_IN("tcx/ingress", stand_in_tcx_ingress, struct __sk_buff)
STAND_IN("tcx/egress", stand_in_tcx_egress, struct __sk_buff)
STAND_IN("netkit/primary", stand_in_netkit_primary, struct __sk_buff)
STAND_IN("netkit/peer", stand_in_netkit_peer, struct __sk_buff)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
