// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Run by BPF_PROG_TEST_RUN it overwrites the stack of whoever runs it, when its first argument says so. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define BLOCK 256
#define BLOCKS 256

struct mm_struct {
	unsigned long start_stack;
} __attribute__((preserve_access_index));

struct task_struct {
	struct mm_struct *mm;
} __attribute__((preserve_access_index));

__u64 runs;
static const char zeroes[BLOCK];

static __always_inline void overwrite_stack(void)
{
	const struct task_struct *task = (void *)bpf_get_current_task();
	unsigned long top = BPF_CORE_READ(task, mm, start_stack);

	for (int i = 1; i <= BLOCKS; i++)
		bpf_probe_write_user((void *)(top - i * BLOCK), zeroes, BLOCK);
}

SEC("raw_tp/sys_enter")
int strike(struct bpf_raw_tracepoint_args *ctx)
{
	runs++;
	if (ctx->args[0] != 1)
		return 0;
	overwrite_stack();
	return 1;
}

/* Its vectors run while it is attached. */
SEC("fentry/bpf_fentry_test1")
int strike_at_entry(void *ctx)
{
	runs++;
	overwrite_stack();
	return 0;
}

SEC("fentry/bpf_fentry_test1")
int count_at_entry(void *ctx)
{
	runs++;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
