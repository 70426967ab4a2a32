// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SLOTS 32

/** 0: every process. */
const volatile __u32 only_tgid = 0;

struct file;

/**
 * Slot n counts reads that took from 2^n up to 2^(n+1) nanoseconds; the last slot all longer ones.
 */
struct histogram {
	__u64 slots[SLOTS];
};

/**
 * One histogram for each CPU, by its number; the loader sizes it: `max_entries` in bpfgate.json.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct histogram);
} histograms SEC(".maps");

/** When a thread entered vfs_read(), by thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} entered SEC(".maps");

/** Position of the highest bit set, by halving; 0 for 0. */
static __always_inline __u32 log2_of(__u64 value)
{
	__u32 position = 0;

	for (__u32 half = 32; half > 0; half >>= 1) {
		if (value >> half) {
			value >>= half;
			position += half;
		}
	}
	return position;
}

SEC("fentry/vfs_read")
int BPF_PROG(read_enter)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();
	__u32 thread = id;

	if (only_tgid && only_tgid != id >> 32)
		return 0;
	bpf_map_update_elem(&entered, &thread, &now, BPF_ANY);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(read_exit, struct file *file, char *buf, __u64 count, __s64 *pos, __s64 ret)
{
	__u32 thread = bpf_get_current_pid_tgid();
	__u32 cpu = bpf_get_smp_processor_id();
	struct histogram *histogram;
	__u64 *since;
	__u32 slot;

	since = bpf_map_lookup_elem(&entered, &thread);
	if (!since)
		return 0;
	slot = log2_of(bpf_ktime_get_ns() - *since);
	bpf_map_delete_elem(&entered, &thread);
	/* A failed read says nothing about the file system's speed. */
	if (ret < 0)
		return 0;
	histogram = bpf_map_lookup_elem(&histograms, &cpu);
	if (!histogram)
		return 0;
	if (slot >= SLOTS)
		slot = SLOTS - 1;
	histogram->slots[slot]++;
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
