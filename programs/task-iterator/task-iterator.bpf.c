// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct seq_file;

struct task_struct {
	int pid;
	int tgid;
	unsigned int __state;
	struct task_struct *real_parent;
	char comm[16];
} __attribute__((preserve_access_index));

/**
 * Before 5.14 the field was `state`. What follows `___` does not belong to the type's name for
 * CO-RE.
 */
struct task_struct___before_5_14 {
	long state;
} __attribute__((preserve_access_index));

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

static __always_inline __u64 state_of(struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}

/** One line for each task: tgid, pid, parent, state, name. */
SEC("iter/task")
int list_tasks(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;

	/* The last call, after all tasks, has none. */
	if (!task)
		return 0;
	if (ctx->meta->seq_num == 0)
		BPF_SEQ_PRINTF(seq, "    tgid      pid   parent state comm\n");
	BPF_SEQ_PRINTF(seq, "%8d %8d %8d %5lx %s\n", task->tgid, task->pid, task->real_parent->tgid,
		       state_of(task), task->comm);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
