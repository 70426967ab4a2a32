// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

/** When a thread began to serve a request, by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} began SEC(".maps");

/** Requests by status. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, int);
	__type(value, __u64);
} answers SEC(".maps");

__u64 requests;
__u64 total_ns;

SEC("uprobe//usr/bin/demo-server:serve_request")
int request_begins(struct pt_regs *ctx)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&began, &thread, &now, BPF_ANY);
	return 0;
}

SEC("uretprobe//usr/bin/demo-server:serve_request")
int request_ends(struct pt_regs *ctx)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u64 *since = bpf_map_lookup_elem(&began, &thread);

	if (!since)
		return 0;
	__sync_fetch_and_add(&total_ns, bpf_ktime_get_ns() - *since);
	__sync_fetch_and_add(&requests, 1);
	bpf_map_delete_elem(&began, &thread);
	return 0;
}

SEC("usdt//usr/bin/demo-server:demo:served")
int BPF_USDT(request_served, int status)
{
	__u64 one = 1, *count = bpf_map_lookup_elem(&answers, &status);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&answers, &status, &one, BPF_NOEXIST);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
