// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect4")
int allow(struct bpf_sock_addr *address)
{
	(void)address;
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
