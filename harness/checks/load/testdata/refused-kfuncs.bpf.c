// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Misuses of kernel functions. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct tcp6_sock {
	int x;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern void bpf_preempt_disable(void) __ksym;

SEC("tp_btf/task_newtask")
int no_null_check(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);
	int pid = task->pid;

	bpf_task_release(task);
	return pid;
}

SEC("tc")
int socket_no_null_check(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	return sk ? ((struct task_struct *)bpf_skc_to_tcp6_sock(sk))->pid : 0;
}

SEC("tc")
int preempt_left_disabled(struct __sk_buff *skb)
{
	bpf_preempt_disable();
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
