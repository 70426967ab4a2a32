// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Alternatives of which each kernel takes one; with -DLATER only those that need a later kernel. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";
long calls;

#define COUNTS(name)                                                                                                   \
	int name(void *context)                                                                                        \
	{                                                                                                              \
		__sync_fetch_and_add(&calls, 1);                                                                       \
		return 0;                                                                                              \
	}

#ifdef LATER
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 64);
	__type(value, __u32);
} known SEC(".maps");

SEC("xdp")
int later(struct xdp_md *ctx)
{
	__u32 device = ctx->ingress_ifindex;

	return bpf_map_peek_elem(&known, &device) ? XDP_PASS : XDP_DROP;
}
#else
SEC("?kprobe.multi/vfs_read") COUNTS(on_multi)
SEC("?kprobe/vfs_read") COUNTS(on_single)

SEC("?kprobe/vfs_write") COUNTS(enters)
SEC("?fexit/bpfgate_no_such") COUNTS(ends_nowhere)
SEC("kprobe/vfs_write") COUNTS(enters_too)
SEC("kretprobe/vfs_write") COUNTS(ends)

SEC("fentry/bpfgate_no_such") COUNTS(nowhere)
SEC("kprobe/bpfgate_no_such") COUNTS(nowhere_either)

SEC("xdp")
int by_length(struct xdp_md *ctx)
{
	return bpf_xdp_get_buff_len(ctx) > 100 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int by_pointers(struct xdp_md *ctx)
{
	return ctx->data_end - ctx->data > 100 ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int earlier(struct xdp_md *ctx)
{
	return XDP_PASS;
}
#endif
