// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NF_ACCEPT 1

/** Bad before 6.4, where netfilter programs came. */
SEC("netfilter")
int accept_everything(void *ctx)
{
	return NF_ACCEPT;
}

char _license[] SEC("license") = "Dual BSD/GPL";
