// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Replaces a member of a chain and always returns `verdict`. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct {
	int verdict;
} settings SEC(".rodata.settings");

SEC("?xdp")
int stand_in_xdp(struct xdp_md *packet)
{
	(void)packet;
	return settings.verdict;
}

SEC("?tc")
int stand_in_sched_cls(struct __sk_buff *packet)
{
	(void)packet;
	return settings.verdict;
}

/* A cgroup program only attaches to the hook that it was loaded for. */
#define STAND_IN(hook, section, type)    \
	SEC("?" section)                 \
	int stand_in_##hook(type *event) \
	{                                \
		(void)event;             \
		return settings.verdict; \
	}

STAND_IN(cgroup_connect4, "cgroup/connect4", struct bpf_sock_addr)
STAND_IN(cgroup_connect6, "cgroup/connect6", struct bpf_sock_addr)
STAND_IN(cgroup_bind4, "cgroup/bind4", struct bpf_sock_addr)
STAND_IN(cgroup_bind6, "cgroup/bind6", struct bpf_sock_addr)
STAND_IN(cgroup_sendmsg4, "cgroup/sendmsg4", struct bpf_sock_addr)
STAND_IN(cgroup_sendmsg6, "cgroup/sendmsg6", struct bpf_sock_addr)
STAND_IN(cgroup_skb_ingress, "cgroup_skb/ingress", struct __sk_buff)
STAND_IN(cgroup_skb_egress, "cgroup_skb/egress", struct __sk_buff)
STAND_IN(cgroup_getsockopt, "cgroup/getsockopt", struct bpf_sockopt)
STAND_IN(cgroup_setsockopt, "cgroup/setsockopt", struct bpf_sockopt)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
