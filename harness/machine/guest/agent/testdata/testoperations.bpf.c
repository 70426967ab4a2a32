// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One map of each kind that a snapshot handles differently, and programs that change them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP(map_name, map_type, entries, key_type, value_type) \
	struct {                                               \
		__uint(type, map_type);                        \
		__uint(max_entries, entries);                  \
		__type(key, key_type);                         \
		__type(value, value_type);                     \
	} map_name SEC(".maps")

MAP(slots, BPF_MAP_TYPE_ARRAY, 8, __u32, __u64);
MAP(flows, BPF_MAP_TYPE_HASH, 16, __u32, __u64);
MAP(recent, BPF_MAP_TYPE_LRU_HASH, 64, __u32, __u64);
MAP(per_cpu, BPF_MAP_TYPE_PERCPU_HASH, 16, __u32, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, __u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 8);
	__type(value, __u32);
} stack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} perf SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} by_tenant SEC(".maps");

#ifdef UNREADABLE
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} per_socket SEC(".maps");

struct alarm {
	__u64 armed;
	struct bpf_timer timer;
};
MAP(alarms, BPF_MAP_TYPE_HASH, 4, __u32, struct alarm);
#endif

/** In .bss, which user space can map. */
__u64 packets;

/** Changes every map, and removes the packet's first byte. */
SEC("xdp")
int change(struct xdp_md *xdp)
{
	__u8 *packet = (void *)(long)xdp->data;
	__u32 zero = 0, *head, popped;
	__u64 one = 1, *value;
	void *inner;

	if (packet + 1 > (__u8 *)(long)xdp->data_end)
		return XDP_ABORTED;
	head = &(__u32){ *packet };
	packets++;
	value = bpf_map_lookup_elem(&slots, &zero);
	if (value)
		*value += 1;
	bpf_map_update_elem(&flows, head, &one, BPF_ANY);
	bpf_map_delete_elem(&flows, &(__u32){ 1000 });
	bpf_map_update_elem(&recent, head, &one, BPF_ANY);
	bpf_map_update_elem(&per_cpu, head, head, BPF_ANY);
	bpf_map_pop_elem(&queue, &popped);
	bpf_map_push_elem(&queue, head, 0);
	bpf_map_push_elem(&stack, head, 0);
	bpf_ringbuf_output(&ring, &packets, sizeof(packets), 0);
	bpf_perf_event_output(xdp, &perf, BPF_F_CURRENT_CPU, &packets, sizeof(packets));
	inner = bpf_map_lookup_elem(&by_tenant, &zero);
	value = inner ? bpf_map_lookup_elem(inner, &zero) : NULL;
	if (value)
		*value += 1;
	return bpf_xdp_adjust_head(xdp, 1) ? XDP_ABORTED : XDP_TX;
}

/** Counts every system call, also those that read the counter. */
SEC("raw_tracepoint/sys_enter")
int tick(void *unused)
{
	__u64 *value = bpf_map_lookup_elem(&slots, &(__u32){ 7 });

	if (value)
		*value += 1;
	return 0;
}

struct sum {
	__u32 of[2];
	__u32 is;
};

/** Writes its result into the context. The program type exists from Linux 5.14 on. */
SEC("?syscall")
int add(struct sum *sum)
{
	sum->is = sum->of[0] + sum->of[1];
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
