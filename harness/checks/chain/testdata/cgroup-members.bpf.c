// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs for every list of a cgroup: two that say yes and one that says no. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* Each its own body: equal ones would be merged. */
#define MEMBER(section, name, type, verdict) \
	__u64 name##_runs;                   \
	SEC("?" section)                     \
	int name(type *context)              \
	{                                    \
		name##_runs++;               \
		return verdict;              \
	}

#define MEMBERS(section, hook, type)        \
	MEMBER(section, hook##_a, type, 1)  \
	MEMBER(section, hook##_b, type, 1)  \
	MEMBER(section, hook##_c, type, 1)  \
	MEMBER(section, hook##_no, type, 0)

MEMBERS("cgroup/connect4", connect4, struct bpf_sock_addr)
MEMBERS("cgroup/connect6", connect6, struct bpf_sock_addr)
MEMBERS("cgroup/bind4", bind4, struct bpf_sock_addr)
MEMBERS("cgroup/bind6", bind6, struct bpf_sock_addr)
MEMBERS("cgroup/sendmsg4", sendmsg4, struct bpf_sock_addr)
MEMBERS("cgroup/sendmsg6", sendmsg6, struct bpf_sock_addr)
MEMBERS("cgroup_skb/ingress", skb_ingress, struct __sk_buff)
MEMBERS("cgroup_skb/egress", skb_egress, struct __sk_buff)
MEMBERS("cgroup/getsockopt", getsockopt, struct bpf_sockopt)
MEMBERS("cgroup/setsockopt", setsockopt, struct bpf_sockopt)

char _license[] SEC("license") = "Dual BSD/GPL";
