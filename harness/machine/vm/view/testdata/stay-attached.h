/* SPDX-License-Identifier: GPL-2.0-only */
/* How a raw tracepoint stays attached: libbpf is made to believe that its link is gone. */
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

/* Finds the link of this descriptor on the stack of the calling process, and marks it. */
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
