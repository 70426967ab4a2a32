// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

/** Record what would be denied, and let it through. */
const volatile bool audit_only = false;

struct super_block {
	__u32 s_dev;
} __attribute__((preserve_access_index));

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
} __attribute__((preserve_access_index));

struct file {
	struct inode *f_inode;
} __attribute__((preserve_access_index));

struct linux_binprm {
	struct file *file;
} __attribute__((preserve_access_index));

/** A file, wherever and under whatever name it is seen. */
struct file_id {
	__u64 ino;
	__u32 dev;
	__u32 zero;
};

/**
 * Deny lists by cgroup id: each value is a hash of `struct file_id`. What an inner map looks like
 * is not said here but by the loader: see `inner` in bpfgate.json.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(__u32));
} denied_by_cgroup SEC(".maps");

/** Executions that were, or would have been, denied, by file. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct file_id);
	__type(value, __u64);
} denials SEC(".maps");

static __always_inline void record(const struct file_id *id)
{
	__u64 *times = bpf_map_lookup_elem(&denials, id);
	__u64 once = 1;

	if (times)
		__sync_fetch_and_add(times, 1);
	else
		bpf_map_update_elem(&denials, id, &once, BPF_NOEXIST);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(guard_exec, struct linux_binprm *bprm, int ret)
{
	__u64 cgroup = bpf_get_current_cgroup_id();
	struct file_id id = {};
	void *denied;

	/* A program before this one has said no already. */
	if (ret)
		return ret;
	denied = bpf_map_lookup_elem(&denied_by_cgroup, &cgroup);
	if (!denied)
		return 0;
	id.ino = bprm->file->f_inode->i_ino;
	id.dev = bprm->file->f_inode->i_sb->s_dev;
	if (!bpf_map_lookup_elem(denied, &id))
		return 0;
	record(&id);
	if (audit_only)
		return 0;
	/*
	 * Else the compiler computes -EPERM from `audit_only`, and the verifier no longer sees its
	 * range.
	 */
	barrier();
	return -EPERM;
}

char _license[] SEC("license") = "Dual BSD/GPL";
