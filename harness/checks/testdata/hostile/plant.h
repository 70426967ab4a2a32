/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a package attaches a program of its own while a vector runs: `plant` finds the descriptor
 * that the agent has of it, and the agent then keeps the link.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define SYS_BPF 321
#define FIRST_FD 3
#define MOST_FDS 256

SEC("syscall")
int plant(void *ctx)
{
	union bpf_attr attr = {};

	for (int fd = FIRST_FD; fd < MOST_FDS; fd++) {
		attr.raw_tracepoint.prog_fd = fd;
		if (bpf_sys_bpf(BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr)) >= 0)
			return 0;
	}
	return 1;
}
