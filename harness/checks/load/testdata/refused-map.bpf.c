// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Maps that kernels refuse, one for each macro; see reasons.vm.test.ts. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	int a, b;
};

#if defined(NO_TEMPLATE)
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} map SEC(".maps");
#elif defined(INNER_SIZE)
struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} a SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} b SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} map SEC(".maps") = { .values = { (void *)&a, (void *)&b } };
#elif defined(PERF_VALUE)
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 64);
	__uint(max_entries, 8);
} map SEC(".maps");
#elif defined(RING_VALUE)
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} map SEC(".maps");
#elif defined(RING_SIZE)
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4097);
} map SEC(".maps");
#elif defined(NO_ENTRIES)
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
} map SEC(".maps");
#elif defined(NO_SIZES)
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__type(key, __u32);
} map SEC(".maps");
#elif defined(OWN_SECTION)
/* As ir-keytable's decoders have them. */
struct {
	__u32 type, key_size, value_size, max_entries, flags;
} map SEC("lirc_mode2/maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };
#elif defined(NO_PREALLOC)
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
} map SEC(".maps");
#elif defined(SOCKMAP)
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} map SEC(".maps");
#endif

SEC("tracepoint/syscalls/sys_enter_getpid")
int use(void *ctx)
{
	__u32 key = 1;

#if defined(RING_VALUE) || defined(RING_SIZE)
	bpf_ringbuf_output(&map, &key, sizeof(key), 0);
#elif defined(PERF_VALUE)
	bpf_perf_event_output(ctx, &map, BPF_F_CURRENT_CPU, &key, sizeof(key));
#elif defined(SOCKMAP)
	bpf_map_delete_elem(&map, &key);
#else
	bpf_map_lookup_elem(&map, &key);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
