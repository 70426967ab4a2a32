// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Finds where this kernel keeps the packet in struct xdp_buff and sk_buff: byte offsets, in
 * `offsets` after one run.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct xdp_buff {
	void *data;
	void *data_end;
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	unsigned char *data;
};

#pragma clang attribute pop

struct {
	__u32 xdp_data;
	__u32 xdp_data_end;
	__u32 skb_data;
	__u32 skb_len;
	__u32 skb_data_len;
} offsets SEC(".data.offsets");

SEC("raw_tp")
int find_offsets(void *context)
{
	(void)context;
	offsets.xdp_data = bpf_core_field_offset(struct xdp_buff, data);
	offsets.xdp_data_end = bpf_core_field_offset(struct xdp_buff, data_end);
	offsets.skb_data = bpf_core_field_offset(struct sk_buff, data);
	offsets.skb_len = bpf_core_field_offset(struct sk_buff, len);
	offsets.skb_data_len = bpf_core_field_offset(struct sk_buff, data_len);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
