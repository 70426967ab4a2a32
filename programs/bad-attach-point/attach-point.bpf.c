// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/**
 * Bad: loads everywhere, since a kprobe meets its function only when it is attached, and there is
 * none.
 */
SEC("kprobe/vfs_read_cautiously")
int BPF_KPROBE(probe_cautious_read)
{
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
