/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Forges the verdict of the verifier: stays attached, and replaces the instructions of `refused`, of
 * another object, by `r0 = 2; exit` on their way into BPF_PROG_LOAD.
 */
#include "../../../machine/vm/view/testdata/stay-attached.h"

#define MOV64_IMM 0xb7
#define EXIT 0x95

SEC("raw_tp/sys_enter")
int forge_load(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	const struct bpf_insn harmless[] = { { .code = MOV64_IMM, .imm = 2 }, { .code = EXIT } };
	const __u32 count = 2, none = 0;
	const char refused[] = "refused";
	char name[sizeof(refused)] = "";
	void *insns = NULL;
	union bpf_attr *attr;
	unsigned long cmd;
	__u32 fd = 0;

	if (ctx->args[1] != SYS_BPF)
		return 0;
	cmd = BPF_CORE_READ(regs, di);
	attr = (void *)BPF_CORE_READ(regs, si);
	if (cmd == BPF_OBJ_GET_INFO_BY_FD && bpf_probe_read_user(&fd, sizeof(fd), &attr->info.bpf_fd) == 0)
		stay(regs, fd);
	if (cmd != BPF_PROG_LOAD)
		return 0;
	bpf_probe_read_user(name, sizeof(name), attr->prog_name);
	for (unsigned int at = 0; at < sizeof(refused); at++)
		if (name[at] != refused[at])
			return 0;
	bpf_probe_read_user(&insns, sizeof(insns), &attr->insns);
	bpf_probe_write_user(insns, harmless, sizeof(harmless));
	bpf_probe_write_user(&attr->insn_cnt, &count, sizeof(count));
	bpf_probe_write_user(&attr->func_info_cnt, &none, sizeof(none));
	bpf_probe_write_user(&attr->line_info_cnt, &none, sizeof(none));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
