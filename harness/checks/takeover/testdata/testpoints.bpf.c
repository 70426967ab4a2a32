// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define AT(section, name)      \
	SEC(section)           \
	int name(void *context) \
	{                      \
		(void)context; \
		return 0;      \
	}

AT("kprobe/__sock_create", at_kprobe)
AT("tracepoint/syscalls/sys_enter_socket", at_tracepoint)
AT("raw_tp/sys_enter", at_raw_tp)
AT("fentry/__sock_create", at_fentry)
AT("lsm/socket_create", at_lsm)
AT("perf_event", at_timer)

SEC("sk_lookup")
int at_lookup(struct bpf_sk_lookup *context)
{
	(void)context;
	return SK_PASS;
}

SEC("flow_dissector")
int at_dissector(struct __sk_buff *packet)
{
	(void)packet;
	return 0;
}

SEC("socket")
int at_socket(struct __sk_buff *packet)
{
	return packet->len;
}

SEC("netfilter")
int at_filter(void *context)
{
	(void)context;
	return 1;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
