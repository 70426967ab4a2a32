// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define COMM_LEN 16

/** The fields used of the kernel's types; CO-RE finds where they are in the running kernel. */
struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

enum event_kind { EVENT_EXEC = 1, EVENT_EXIT = 2 };

struct event {
	__u32 kind;
	__u32 pid;
	__u32 parent_pid;
	__u32 uid;
	/** EVENT_EXIT: how long the program ran. */
	__u64 duration_ns;
	/** EVENT_EXIT: as wait(2) gives it. */
	__s64 exit_code;
	char comm[COMM_LEN];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

/** When each process began to run its program, by pid. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

static __always_inline struct event *reserve(__u32 kind, __u32 pid)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	struct task_struct *task = (void *)bpf_get_current_task();

	if (!event)
		return NULL;
	event->kind = kind;
	event->pid = pid;
	event->parent_pid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = bpf_get_current_uid_gid();
	event->duration_ns = 0;
	event->exit_code = 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	return event;
}

SEC("tracepoint/sched/sched_process_exec")
int observe_exec(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	__u64 now = bpf_ktime_get_ns();
	struct event *event;

	bpf_map_update_elem(&started, &pid, &now, BPF_ANY);
	event = reserve(EVENT_EXEC, pid);
	if (event)
		bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("kprobe/do_exit")
int BPF_KPROBE(observe_exit, long code)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32;
	struct event *event;
	__u64 *since;

	/* Only the thread group's leader stands for the process. */
	if (pid != (__u32)id)
		return 0;
	since = bpf_map_lookup_elem(&started, &pid);
	if (!since)
		return 0;
	event = reserve(EVENT_EXIT, pid);
	if (event) {
		event->duration_ns = bpf_ktime_get_ns() - *since;
		event->exit_code = code;
		bpf_ringbuf_submit(event, 0);
	}
	bpf_map_delete_elem(&started, &pid);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
