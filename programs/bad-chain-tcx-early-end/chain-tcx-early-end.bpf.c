// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/pkt_cls.h>
#include "../chain-tcx/chain-tcx.bpf.c"

/** Bad: to tcx TC_ACT_OK is TCX_PASS, after which no other program of the list has its turn. */
SEC("tcx/ingress")
int police_and_accept(struct __sk_buff *skb)
{
	return is_denied(skb) ? TC_ACT_SHOT : TC_ACT_OK;
}
