// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/** No kernel has the field `cpu_budget_ns`. */
struct task_struct {
	__u64 cpu_budget_ns;
} __attribute__((preserve_access_index));

__u64 last_budget_ns;

/** Bad: reads the field without asking bpf_core_field_exists() first. */
SEC("tracepoint/sched/sched_switch")
int watch_budget(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	last_budget_ns = BPF_CORE_READ(task, cpu_budget_ns);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
