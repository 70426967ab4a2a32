// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * For kernels without signatures: one process alone, which verifies the package's signature itself,
 * may load programs and create maps.
 */
#include "commands.h"
#include "self.h"

#ifdef HARDENED
#define PTRACE_MODE_ATTACH 2

static __always_inline bool is_own_map(__u32 id)
{
	return id == map_id(&decisions);
}

/* Also asked for /proc/<pid>/mem and pidfd_getfd(2). */
SEC("lsm/ptrace_access_check")
int BPF_PROG(keep_memory, struct task_struct *child, unsigned int mode)
{
	if (child->tgid != settings.trusted_tgid || current_tgid() == settings.trusted_tgid)
		return 0;
	return mode & PTRACE_MODE_ATTACH ? -EPERM : 0;
}
#endif

SEC("lsm/bpf")
int BPF_PROG(admit, int cmd, union bpf_attr *attr, unsigned int size)
{
	struct decision decision = { .cmd = cmd };

	if (!is_decided(cmd))
		return 0;
	return decided(&decision, current_tgid() != settings.trusted_tgid);
}
