// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Counts frames by their last byte: a small array map, so that there is state to compare and to put
 * back.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define SLOTS 16
#define FRAME 64

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data;
	const void *end = (void *)(long)ctx->data_end;
	__u64 *counter;
	__u32 slot;

	if ((const void *)(data + FRAME) > end)
		return XDP_ABORTED;
	slot = data[FRAME - 1] % SLOTS;
	counter = bpf_map_lookup_elem(&counters, &slot);
	if (counter)
		__sync_fetch_and_add(counter, 1);
	return slot % 2 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
