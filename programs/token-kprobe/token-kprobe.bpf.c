// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/** System calls begun, by number; tables of no machine have more. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

/** Processes and threads that ended, by what wait(2) gives of it. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} exits SEC(".maps");

static __always_inline void count(void *map, __u32 key)
{
	__u64 one = 1, *counter = bpf_map_lookup_elem(map, &key);

	if (counter)
		__sync_fetch_and_add(counter, 1);
	else
		bpf_map_update_elem(map, &key, &one, BPF_NOEXIST);
}

/* Arguments: the registers, and the number of the call. */
SEC("raw_tp/sys_enter")
int count_call(struct bpf_raw_tracepoint_args *ctx)
{
	count(&calls, ctx->args[1]);
	return 0;
}

/*
 * In a link of bpf(2): what perf_event_open(2) attaches is for CAP_PERFMON of the initial user
 * namespace alone.
 */
SEC("kprobe.multi/do_exit")
int BPF_KPROBE(count_exit, long code)
{
	count(&exits, code);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
