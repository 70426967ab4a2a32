// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A congestion control (struct_ops) that is taken; `verdict` changes nothing that is looked at. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* LINKED: of takeover-congestion-link.bpf.c. */
#ifdef LINKED
#define KIND ".struct_ops.link"
#else
#define KIND ".struct_ops"
#endif

const volatile struct {
	int verdict;
} settings SEC(".rodata.settings");

struct sock;

/* What is used of the kernel's: libbpf finds the members by their names. */
struct tcp_congestion_ops {
	__u32 (*ssthresh)(struct sock *socket);
	void (*cong_avoid)(struct sock *socket, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *socket);
	void (*init)(struct sock *socket);
	char name[16];
} __attribute__((preserve_access_index));

/* At the beginning of each connection. */
SEC("struct_ops")
int subject_struct_ops(void *context)
{
	(void)context;
	return 0;
}

SEC("struct_ops")
int congestion_window(void *context)
{
	(void)context;
	return settings.verdict + 2;
}

/* libbpf wants a program for each member. */
SEC("struct_ops")
int congestion_window_undone(void *context)
{
	(void)context;
	return settings.verdict + 2;
}

SEC("struct_ops")
int congestion_avoid(void *context)
{
	(void)context;
	return 0;
}

SEC(KIND)
struct tcp_congestion_ops congestion = {
	.ssthresh = (void *)congestion_window,
	.cong_avoid = (void *)congestion_avoid,
	.undo_cwnd = (void *)congestion_window_undone,
	.init = (void *)subject_struct_ops,
	.name = "bpfgate",
};

char LICENSE[] SEC("license") = "Dual BSD/GPL";
