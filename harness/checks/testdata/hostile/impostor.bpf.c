/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs with the names of a chain's members that do nothing of what these do. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int account(struct __sk_buff *packet)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int mark(struct __sk_buff *packet)
{
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "GPL";
