// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/pkt_cls.h>
#include "../chain-netkit/chain-netkit.bpf.c"

/**
 * Bad: a filter of tc goes on after TC_ACT_PIPE; netkit has no such answer, and drops the packet.
 */
SEC("netkit/peer")
int police_for_tc(struct __sk_buff *skb)
{
	return is_denied(skb) ? TC_ACT_SHOT : TC_ACT_PIPE;
}
