/* SPDX-License-Identifier: GPL-2.0-only */
/* Forges what a map has after a vector: 1 for each 2 that a lookup finds in it. */
#include "plant.h"

struct pt_regs {
	unsigned long di, si, orig_ax;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

SEC("tp_btf/sys_exit")
int BPF_PROG(forge, struct pt_regs *regs, long ret)
{
	const __u64 two = 2, one = 1;
	__u64 found = 0, *value = NULL;
	union bpf_attr *attr;
	unsigned long cmd;

	if (BPF_CORE_READ(regs, orig_ax) != SYS_BPF)
		return 0;
	cmd = BPF_CORE_READ(regs, di);
	attr = (void *)BPF_CORE_READ(regs, si);
	if (cmd == BPF_MAP_LOOKUP_ELEM)
		bpf_probe_read_user(&value, sizeof(value), &attr->value);
	else if (cmd == BPF_MAP_LOOKUP_BATCH)
		bpf_probe_read_user(&value, sizeof(value), &attr->batch.values);
	else
		return 0;
	bpf_probe_read_user(&found, sizeof(found), value);
	if (found == two)
		bpf_probe_write_user(value, &one, sizeof(one));
	return 0;
}

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u64 two = 2;
	__u32 key = 0;

	bpf_map_update_elem(&packets, &key, &two, BPF_ANY);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
