// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum direction { DIRECTION_INGRESS, DIRECTION_EGRESS };

struct flow {
	__u32 ifindex;
	__be16 protocol;
	__u16 direction;
};

struct traffic {
	__u64 packets;
	__u64 bytes;
};

/** Traffic by device, EtherType and direction. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow);
	__type(value, struct traffic);
} traffic SEC(".maps");

static __always_inline int account(struct __sk_buff *skb, __u16 direction)
{
	struct flow flow = {
		.ifindex = skb->ifindex,
		.protocol = skb->protocol,
		.direction = direction,
	};
	struct traffic first = { .packets = 1, .bytes = skb->len };
	struct traffic *sum = bpf_map_lookup_elem(&traffic, &flow);

	if (sum) {
		sum->packets++;
		sum->bytes += skb->len;
	} else {
		bpf_map_update_elem(&traffic, &flow, &first, BPF_NOEXIST);
	}
	return TCX_NEXT;
}

SEC("tcx/ingress")
int account_ingress(struct __sk_buff *skb)
{
	return account(skb, DIRECTION_INGRESS);
}

SEC("tcx/egress")
int account_egress(struct __sk_buff *skb)
{
	return account(skb, DIRECTION_EGRESS);
}

char _license[] SEC("license") = "Dual BSD/GPL";
