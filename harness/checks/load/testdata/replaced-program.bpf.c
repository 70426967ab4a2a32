// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* EXTENSION replaces the program of the other object, whose argument is not declared as its context. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifdef EXTENSION
SEC("freplace/base")
int extension(void *ctx)
{
	return XDP_DROP;
}
#else
SEC("xdp")
int base(void *ctx)
{
	return XDP_PASS;
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
