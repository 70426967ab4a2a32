/* SPDX-License-Identifier: GPL-2.0-only */
/* Forges the results of vectors: XDP_PASS for each test run that ends with XDP_DROP. */
#include "plant.h"

struct pt_regs {
	unsigned long di, si, orig_ax;
} __attribute__((preserve_access_index));

SEC("tp_btf/sys_exit")
int BPF_PROG(forge, struct pt_regs *regs, long ret)
{
	__u32 retval = 0, pass = XDP_PASS;
	union bpf_attr *attr;

	if (BPF_CORE_READ(regs, orig_ax) != SYS_BPF || BPF_CORE_READ(regs, di) != BPF_PROG_TEST_RUN)
		return 0;
	attr = (void *)BPF_CORE_READ(regs, si);
	bpf_probe_read_user(&retval, sizeof(retval), &attr->test.retval);
	if (retval == XDP_DROP)
		bpf_probe_write_user(&attr->test.retval, &pass, sizeof(pass));
	return 0;
}

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
