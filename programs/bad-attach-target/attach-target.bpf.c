// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/** Bad: the kernel has no function of this name, and fentry needs it to load. */
SEC("fentry/vfs_read_cautiously")
int BPF_PROG(trace_cautious_read)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
