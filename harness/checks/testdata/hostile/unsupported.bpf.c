/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a skip of a refusal: `stays` keeps the LSM program `lacks` attached, and that answers for
 * each xdp program that the kernel has no such type.
 */
#include "../../../machine/vm/view/testdata/stay-attached.h"
#include <bpf/bpf_tracing.h>

#define EINVAL 22

SEC("raw_tp/sys_enter")
int stays(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	union bpf_attr *attr;
	__u32 fd = 0;

	if (ctx->args[1] != SYS_BPF || BPF_CORE_READ(regs, di) != BPF_OBJ_GET_INFO_BY_FD)
		return 0;
	attr = (void *)BPF_CORE_READ(regs, si);
	if (bpf_probe_read_user(&fd, sizeof(fd), &attr->info.bpf_fd) == 0)
		stay(regs, fd);
	return 0;
}

SEC("lsm/bpf")
int BPF_PROG(lacks, int cmd, union bpf_attr *attr)
{
	__u32 type = 0;

	if (cmd != BPF_PROG_LOAD)
		return 0;
	bpf_probe_read_kernel(&type, sizeof(type), &attr->prog_type);
	return type == BPF_PROG_TYPE_XDP ? -EINVAL : 0;
}

char LICENSE[] SEC("license") = "GPL";
