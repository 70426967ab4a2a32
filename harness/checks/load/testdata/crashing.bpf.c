// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that crash the guest's agent, and four that hurt no process. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Of the stack pointer in struct pt_regs of x86_64. */
#define SP 152

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Set by note_call: where that was not attached, as in its own guest, crash_after_note does nothing. */
int noted;

/* The handler in which the agent then switches the guest off makes calls too: those must not crash. */
int crashed;

/* Overwrites the return addresses on the stack of process 1. */
static __always_inline void crash(const void *regs)
{
	static const char zeros[256];
	void *sp = 0;

	if (bpf_get_current_pid_tgid() >> 32 != 1)
		return;
	bpf_probe_read_kernel(&sp, sizeof(sp), regs + SP);
	bpf_probe_write_user(sp, zeros, sizeof(zeros));
}

SEC("xdp")
int sound(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("raw_tp/sys_enter")
int note_call(void *ctx)
{
	noted = 1;
	return 0;
}

SEC("raw_tp/sys_exit")
int crash_after_note(struct bpf_raw_tracepoint_args *ctx)
{
	if (noted && !crashed++)
		crash((const void *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sys_enter")
int crash_at_calls(struct bpf_raw_tracepoint_args *ctx)
{
	if (!crashed++)
		crash((const void *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sys_enter")
int crash_handler_too(struct bpf_raw_tracepoint_args *ctx)
{
	crash((const void *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sched_switch")
int also_sound(void *ctx)
{
	return 0;
}
