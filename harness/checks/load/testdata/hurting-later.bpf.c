// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that let the agent work at first and disturb it later, and one that hurts nobody. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define EPERM 1
#define SIGSTOP 19
#define AFTER 12

char LICENSE[] SEC("license") = "Dual BSD/GPL";

int calls, opens;

SEC("lsm/bpf")
int BPF_PROG(deny_later, int cmd)
{
	return ++calls > AFTER ? -EPERM : 0;
}

SEC("lsm/bpf")
int BPF_PROG(deny_info, int cmd)
{
	return cmd == BPF_OBJ_GET_INFO_BY_FD ? -EPERM : 0;
}

SEC("lsm/file_open")
int BPF_PROG(deny_open_later)
{
	return ++opens > AFTER ? -EPERM : 0;
}

SEC("cgroup/sysctl")
int deny_sysctl(struct bpf_sysctl *ctx)
{
	return 0;
}

SEC("fentry/__x64_sys_bpf")
int BPF_PROG(stop_at_bpf)
{
	bpf_send_signal(SIGSTOP);
	return 0;
}

SEC("raw_tp/sys_enter")
int flood(void *ctx)
{
	bpf_printk("a call");
	return 0;
}

SEC("xdp")
int unrelated(struct xdp_md *ctx)
{
	return XDP_PASS;
}
