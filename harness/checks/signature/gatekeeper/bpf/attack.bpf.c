// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that an attacker may have loaded before the gatekeeper. */
#include "kernel.h"

/* r0 = 0; exit */
static __u64 insns[] = { 0xb7, 0x95 };
static char gpl[] = "GPL";

/* Loads an unsigned program: its file descriptor, or a negative errno. */
SEC("syscall")
int load_unsigned(void *ctx)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = (__u64)insns,
		.insn_cnt = 2,
		.license = (__u64)gpl,
	};

	return bpf_sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

/*
 * Not for init, which installs the gatekeeper: a program that it loads while
 * security_bpf_prog_load() answers 1 would not be verified at all, and hang the machine.
 */
static __always_inline bool is_answered(void)
{
	return bpf_get_current_pid_tgid() >> 32 != 1;
}

/* A positive answer ends the hook: LSM programs after it are not called. */
SEC("lsm/bpf")
int BPF_PROG(answer_first, int cmd, union bpf_attr *attr, unsigned int size)
{
	return cmd == BPF_PROG_LOAD && is_answered();
}

/* The same before all LSMs: none of them is called. */
SEC("fmod_ret/security_bpf")
int BPF_PROG(answer_before, int cmd, union bpf_attr *attr, unsigned int size)
{
	return cmd == BPF_PROG_LOAD && is_answered();
}

SEC("fmod_ret/security_bpf_prog_load")
int BPF_PROG(answer_before_load, struct bpf_prog *prog)
{
	return is_answered();
}
