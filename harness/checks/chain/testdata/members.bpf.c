// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Members of chains for tests: each counts; `filter` ends the chain for IPv6. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

__u64 account_runs, filter_runs, mark_runs, deaf_runs;

SEC("tc")
int account(struct __sk_buff *packet)
{
	account_runs++;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int filter(struct __sk_buff *packet)
{
	filter_runs++;
	return packet->protocol == bpf_htons(ETH_P_IPV6) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

SEC("tc")
int mark(struct __sk_buff *packet)
{
	mark_runs++;
	packet->mark = 7;
	return TC_ACT_UNSPEC;
}

/* Ends the chain for every packet. */
SEC("tc")
int deaf(struct __sk_buff *packet)
{
	deaf_runs++;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
