// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// An XDP program NAME in L3AF's manner: it calls the next member from its own array NEXT, which is
// pinned by name. With ENTRIES it also counts in a map `stats` of so many entries, which is pinned
// by name as well.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} NEXT SEC(".maps");

#ifdef ENTRIES
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} stats SEC(".maps");
#endif

SEC("xdp") int NAME(struct xdp_md *ctx)
{
#ifdef ENTRIES
	__u32 key = 0;
	__u64 *packets = bpf_map_lookup_elem(&stats, &key);

	if (packets)
		__sync_fetch_and_add(packets, 1);
#endif
	bpf_tail_call(ctx, &NEXT, 0);
	return XDP_PASS;
}
