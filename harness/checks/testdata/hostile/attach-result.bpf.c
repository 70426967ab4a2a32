/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A package that forges the verdict on its second program: `forge` stays attached, as in
 * lying-tracer.bpf.c, and replaces the name of the function that the agent asks for by another one
 * on its way into perf_event_open, so that `probe_absent` attaches although no kernel has it.
 */
#include "../../../machine/vm/view/testdata/stay-attached.h"

#define SYS_PERF_EVENT_OPEN 298
/* Of struct perf_event_attr: the name of the function for a PMU of kprobes. */
#define CONFIG1 56

SEC("raw_tp/sys_enter")
int forge(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	const char there[] = "vfs_read", absent[] = "not_in_any_kernel";
	char name[sizeof(absent)] = "";
	char *asked = NULL;
	union bpf_attr *attr;
	__u32 fd = 0;

	if (ctx->args[1] == SYS_PERF_EVENT_OPEN) {
		bpf_probe_read_user(&asked, sizeof(asked), (char *)BPF_CORE_READ(regs, di) + CONFIG1);
		bpf_probe_read_user(name, sizeof(name), asked);
		for (unsigned int at = 0; at < sizeof(absent); at++)
			if (name[at] != absent[at])
				return 0;
		bpf_probe_write_user(asked, there, sizeof(there));
	}
	if (ctx->args[1] != SYS_BPF || BPF_CORE_READ(regs, di) != BPF_OBJ_GET_INFO_BY_FD)
		return 0;
	attr = (void *)BPF_CORE_READ(regs, si);
	if (bpf_probe_read_user(&fd, sizeof(fd), &attr->info.bpf_fd) == 0)
		stay(regs, fd);
	return 0;
}

SEC("kprobe/not_in_any_kernel")
int probe_absent(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
