// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A struct_ops map of a type that no kernel has, and a program that has nothing to do with it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct bpfgate_absent_ops {
	int (*go)(void);
};

SEC("struct_ops/go")
int go(void *ctx)
{
	return 0;
}

SEC("xdp")
int unrelated(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC(".struct_ops")
struct bpfgate_absent_ops absent = {
	.go = (void *)go,
};
