/* SPDX-License-Identifier: GPL-2.0-only */
/* A syscall program that calls bpf() for a map of its own, and closes it again. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("syscall")
int make_map(void *ctx)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
	};
	long fd = bpf_sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));

	if (fd < 0)
		return 1;
	return bpf_sys_close(fd) != 0;
}

char LICENSE[] SEC("license") = "GPL";
