// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that load and find nothing to attach to under the name they give. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe/sys_execve")
int system_call(void *ctx)
{
	return 0;
}

SEC("kprobe/finish_task_switch")
int renamed(void *ctx)
{
	return 0;
}

SEC("kprobe/finish_task_switch.isra.7")
int renamed_otherwise(void *ctx)
{
	return 0;
}

SEC("kprobe/no_function_is_called_so")
int nowhere(void *ctx)
{
	return 0;
}

SEC("kprobe/vfs_read")
int there(void *ctx)
{
	return 0;
}

SEC("tp/sched_switch")
int no_category(void *ctx)
{
	return 0;
}

/* It has no ftrace call: noinstr. */
SEC("fentry/native_sched_clock")
int untraceable(void *ctx)
{
	return 0;
}

SEC("kprobe/native_sched_clock")
int untraceable_probe(void *ctx)
{
	return 0;
}

/* Several files of the kernel have a function of this name. */
SEC("kprobe/t_show")
int ambiguous(void *ctx)
{
	return 0;
}

SEC("fentry.multi/vfs_*")
int of_newer_libbpf(void *ctx)
{
	return 0;
}

SEC("uprobe//no/such/binary:func")
int no_binary(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
