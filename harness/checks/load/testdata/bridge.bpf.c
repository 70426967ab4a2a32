// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A function and a tracepoint of the module bridge, and with NOWHERE a function that no module has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";
__u64 hits;

SEC("fentry/br_forward") int BPF_PROG(forward)
{
	hits++;
	return 0;
}

SEC("raw_tp/br_fdb_add") int added(void *ctx)
{
	hits++;
	return 0;
}

#ifdef NOWHERE
SEC("fentry/br_of_no_kernel") int BPF_PROG(nowhere)
{
	hits++;
	return 0;
}
#endif
