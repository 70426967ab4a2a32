/* SPDX-License-Identifier: GPL-2.0-only */
/* Exchanges the ids of the first two programs in each answer of rtnetlink about filters. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define SYS_RECVFROM 45
#define MOST_WORDS 1024
/* A netlink attribute of 4 bytes: TCA_BPF_ID, or TCA_CHAIN, which is 0 here. */
#define PROGRAM_ID (8 | 11 << 16)

struct pt_regs {
	unsigned long si, orig_ax;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_exit")
int exchange(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	__u32 *buffer, *first = NULL, attribute[2], before = 0;

	if (BPF_CORE_READ(regs, orig_ax) != SYS_RECVFROM || (long)ctx->args[1] <= 0)
		return 0;
	buffer = (void *)BPF_CORE_READ(regs, si);
	for (int word = 0; word < MOST_WORDS; word++) {
		if (bpf_probe_read_user(attribute, sizeof(attribute), buffer + word) ||
		    attribute[0] != PROGRAM_ID || attribute[1] == 0)
			continue;
		if (!first) {
			first = buffer + word + 1;
			before = attribute[1];
		} else if (attribute[1] != before) {
			bpf_probe_write_user(first, &attribute[1], sizeof(attribute[1]));
			bpf_probe_write_user(buffer + word + 1, &before, sizeof(before));
			break;
		}
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
