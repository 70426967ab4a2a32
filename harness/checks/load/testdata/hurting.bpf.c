// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that deny or disturb what the guest's agent does, and two that hurt nobody. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SIGKILL 9
#define SIGSEGV 11
#define SIGSTOP 19

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/file_permission")
int deny_read(void *ctx)
{
	return -1;
}

SEC("lsm/file_open")
int deny_open(void *ctx)
{
	return -1;
}

SEC("lsm/bpf")
int deny_bpf(void *ctx)
{
	return -1;
}

SEC("lsm/sb_mount")
int deny_mount(void *ctx)
{
	return -1;
}

SEC("lsm/socket_create")
int deny_socket(void *ctx)
{
	return -1;
}

SEC("fmod_ret/security_file_permission")
int refuse_read(void *ctx)
{
	return -1;
}

/* Not before 7.3: there Debian's kernels allow fmod_ret of system calls. */
SEC("fmod_ret/__x64_sys_close")
int refuse_close(void *ctx)
{
	return -1;
}

SEC("raw_tp/sys_enter")
int kill_at_calls(void *ctx)
{
	return bpf_send_signal(SIGKILL);
}

SEC("raw_tp/sys_exit")
int stop_at_calls(void *ctx)
{
	return bpf_send_signal(SIGSTOP);
}

SEC("kprobe/__x64_sys_close")
int segv_at_close(void *ctx)
{
	return bpf_send_signal(SIGSEGV);
}

SEC("xdp")
int unrelated(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("raw_tp/sched_switch")
int also_unrelated(void *ctx)
{
	return 0;
}
