// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A program with two branches, and one with as many maps as the kernel allows. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 ones, others;

SEC("xdp")
int two_ways(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 1 > end)
		return XDP_ABORTED;
	if (*data == 1)
		ones += 3;
	else
		others ^= *data;
	return XDP_PASS;
}

#define MAP(name)                                     \
	struct {                                      \
		__uint(type, BPF_MAP_TYPE_ARRAY);     \
		__uint(max_entries, 1);               \
		__type(key, __u32);                   \
		__type(value, __u32);                 \
	} name SEC(".maps");
#define FOUR(each, name) each(name##0) each(name##1) each(name##2) each(name##3)
#define SIXTEEN(each, name) FOUR(each, name##0) FOUR(each, name##1) FOUR(each, name##2) FOUR(each, name##3)
#define ALL(each) SIXTEEN(each, a) SIXTEEN(each, b) SIXTEEN(each, c) SIXTEEN(each, d)

#ifdef MANY_MAPS
ALL(MAP)

SEC("xdp")
int many_maps(struct xdp_md *ctx)
{
	__u32 key = 0;

#define LOOK(name) bpf_map_lookup_elem(&name, &key);
	ALL(LOOK)
	return XDP_PASS;
}
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
