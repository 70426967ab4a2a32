// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Maps as loaders other than libbpf take them: a definition of the old kind, a ring buffer with a value
// type, a perf event array for many CPUs, a kind of pinning that a loader has for itself, and maps whose
// attributes loaders set.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct event {
	int a, b;
};

#ifdef OLD
struct bpf_map_of_old {
	unsigned int type, key_size, value_size, max_entries, map_flags, id, pinning;
};
struct bpf_map_of_old counts SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 1 };
struct bpf_map_of_old seen SEC("maps") = { BPF_MAP_TYPE_HASH, 4, 8, 16, BPF_F_NO_PREALLOC };
#else
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
#ifdef PINNING
	__uint(pinning, PINNING);
#endif
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");
#endif

#ifdef BLOOM
/* From 5.16 on; its loader may leave it out. The other one is on a node that guests do not have. */
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 16);
	__type(value, __u64);
} filter SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 1);
	__type(key, __u32);
	__type(value, __u64);
} far SEC(".maps");

const volatile __u8 filtering = 1;
#endif

#ifdef RING
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct event);
} samples SEC(".maps");
#endif

SEC("xdp") int count(struct xdp_md *ctx)
{
	__u64 one = 1, *value;
	__u32 key = 0;

	value = bpf_map_lookup_elem(&counts, &key);
	if (value)
		*value += 1;
	bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
#ifdef BLOOM
	if (filtering)
		bpf_map_push_elem(&filter, &one, BPF_ANY);
	bpf_map_update_elem(&far, &key, &one, BPF_ANY);
#endif
#ifdef RING
	struct event event = {};

	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &event, sizeof(event));
#endif
	return XDP_PASS;
}
