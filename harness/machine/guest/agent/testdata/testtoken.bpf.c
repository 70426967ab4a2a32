// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that a user may or may not load: tracing programs, and one that could drop packets. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} runs SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps");

/* Memory that libbpf maps. */
__u64 seen;

static int count(int verdict)
{
	__u32 zero = 0;
	__u64 *value = bpf_map_lookup_elem(&runs, &zero);

	seen++;
	if (value)
		__sync_fetch_and_add(value, 1);
	return verdict;
}

SEC("kprobe/do_nanosleep")
int on_kprobe(void *context)
{
	return count(0);
}

SEC("raw_tp/sys_enter")
int on_raw_tracepoint(void *context)
{
	return count(0);
}

/* Looks up an entry of an inner map. */
SEC("raw_tp/sys_exit")
int on_nested(void *context)
{
	__u32 zero = 0;
	void *inner = bpf_map_lookup_elem(&outer, &zero);

	return inner && bpf_map_lookup_elem(inner, &zero) ? 1 : 2;
}

SEC("xdp")
int filter(struct xdp_md *xdp)
{
	return count(XDP_PASS);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
