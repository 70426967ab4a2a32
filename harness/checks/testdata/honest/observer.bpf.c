/* SPDX-License-Identifier: GPL-2.0-only */
/* One program of each kind that could change what the agent says; none does. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* The process whose loader asked to be told, and where in its memory. */
const volatile int own;
void *told;
__u64 calls;

SEC("raw_tp/sys_enter")
int count_calls(void *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int tell_own(void *ctx)
{
	if (own && bpf_get_current_pid_tgid() >> 32 == own)
		bpf_probe_write_user(told, &calls, sizeof(calls));
	return 0;
}

SEC("kprobe/do_nanosleep")
int probe_sleep(void *ctx)
{
	return 0;
}

SEC("fentry/do_nanosleep")
int BPF_PROG(enter_sleep)
{
	return 0;
}

SEC("lsm/bpf")
int BPF_PROG(watch_bpf, int command)
{
	__sync_fetch_and_add(&calls, command == BPF_PROG_LOAD);
	return 0;
}

SEC("iter/task")
int list_tasks(struct bpf_iter__task *ctx)
{
	const char line[] = "task\n";

	if (ctx->task)
		bpf_seq_write(ctx->meta->seq, line, sizeof(line) - 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
