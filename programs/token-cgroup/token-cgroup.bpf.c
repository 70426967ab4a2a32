// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ALLOW 1
#define DENY 0

/** Where machines of a cloud get their credentials: 169.254.169.254. */
const volatile __u32 metadata_service = 0xa9fea9fe;

/** Attempts that were refused, by user. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u64);
} refused SEC(".maps");

static __always_inline int judge(__be32 address, __u32 uid)
{
	__u64 one = 1, *attempts;

	if (address != bpf_htonl(metadata_service))
		return ALLOW;
	attempts = bpf_map_lookup_elem(&refused, &uid);
	if (attempts)
		__sync_fetch_and_add(attempts, 1);
	else
		bpf_map_update_elem(&refused, &uid, &one, BPF_NOEXIST);
	return DENY;
}

SEC("cgroup/connect4")
int guard_connect(struct bpf_sock_addr *ctx)
{
	return judge(ctx->user_ip4, bpf_get_current_uid_gid());
}

/** Packets of sockets that were not connected, or were connected before the guard was attached. */
SEC("cgroup_skb/egress")
int guard_egress(struct __sk_buff *skb)
{
	struct iphdr ip;

	if (skb->protocol != bpf_htons(ETH_P_IP) || bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return ALLOW;
	return judge(ip.daddr, bpf_get_socket_uid(skb));
}

char _license[] SEC("license") = "Dual BSD/GPL";
