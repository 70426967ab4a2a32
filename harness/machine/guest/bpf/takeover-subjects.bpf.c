// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs at hooks that are taken from them; each does nothing but return `verdict`. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct {
	int verdict;
} settings SEC(".rodata.settings");

#define SUBJECT(hook, section, type)     \
	SEC("?" section)                 \
	int subject_##hook(type *event)  \
	{                                \
		(void)event;             \
		return settings.verdict; \
	}

SUBJECT(kprobe, "kprobe", void)
SUBJECT(tracepoint, "tracepoint", void)
SUBJECT(raw_tp, "raw_tp", void)
SUBJECT(tracing, "fentry/__sock_create", void)
SUBJECT(lsm, "lsm/socket_create", void)
SUBJECT(perf_event, "perf_event", void)
SUBJECT(netfilter, "netfilter", void)
SUBJECT(sk_lookup, "sk_lookup", struct bpf_sk_lookup)
SUBJECT(flow_dissector, "flow_dissector", struct __sk_buff)
SUBJECT(socket_filter, "socket", struct __sk_buff)

char LICENSE[] SEC("license") = "Dual BSD/GPL";
