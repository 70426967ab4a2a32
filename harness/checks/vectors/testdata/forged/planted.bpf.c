/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A package that forges the results of its own vectors: `plant` attaches `forge` with the file
 * descriptor that the agent has of it, and the agent then keeps the link. `forge` answers XDP_PASS
 * for each test run that ends with XDP_DROP.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define SYS_BPF 321
#define FIRST_FD 3
#define MOST_FDS 256

struct pt_regs {
	unsigned long di, si, orig_ax;
} __attribute__((preserve_access_index));

SEC("syscall")
int plant(void *ctx)
{
	union bpf_attr attr = {};

	for (int fd = FIRST_FD; fd < MOST_FDS; fd++) {
		attr.raw_tracepoint.prog_fd = fd;
		if (bpf_sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr)) >= 0)
			return 0;
	}
	return 1;
}

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
