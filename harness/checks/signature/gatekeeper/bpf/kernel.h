/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Members of kernel structures that the gatekeepers read; CO-RE relocates them. */
#ifndef BPFGATE_GATEKEEPER_KERNEL_H
#define BPFGATE_GATEKEEPER_KERNEL_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* From 7.2 on: the verdict on a program's signature (include/linux/bpf.h). */
struct bpf_prog_signature {
	__s32 keyring_serial;
	__u8 keyring_type;
	__u8 verdict;
};

struct bpf_prog_aux {
	struct bpf_prog_signature sig;
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct bpf_map {
	__u32 id;
};

struct super_block {
	__u32 s_dev;
};

struct inode {
	struct super_block *i_sb;
};

struct vfsmount {
	struct super_block *mnt_sb;
};

struct file {
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct task_struct {
	__u32 tgid;
	unsigned int ptrace;
	struct files_struct *files;
};

#pragma clang attribute pop

struct bpf_token;
struct dentry;

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#endif
