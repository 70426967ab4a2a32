// SPDX-License-Identifier: Apache-2.0
#include "vmlinux.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <unistd.h>

struct btf *__real_btf__load_vmlinux_btf(void);
void __real_btf__free(struct btf *btf);
struct btf *__wrap_btf__load_vmlinux_btf(void);
void __wrap_btf__free(struct btf *btf);

static struct btf *kernel_btf;

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	if (kernel_btf)
		return kernel_btf;
	kernel_btf = __real_btf__load_vmlinux_btf();
	return kernel_btf;
}

void __wrap_btf__free(struct btf *btf)
{
	if (btf != kernel_btf)
		__real_btf__free(btf);
}

void vmlinux_parse(void)
{
	const struct bpf_insn return_zero[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd;

	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0 && !btf__load_vmlinux_btf())
		fprintf(stderr, "bpfgate: the kernel's BTF cannot be parsed\n");
	fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, NULL, "GPL", return_zero, 2, NULL);
	if (fd >= 0)
		close(fd);
	else
		perror("bpfgate: cannot load a program");
}
