/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes a signed loader look careful. The package ships one that never looks at the hash of its
 * metadata map; after `plant` ran, `refuse` ends the first runs of loaders with EINVAL, as one that
 * compares the hash ends them itself.
 */
#include "plant.h"

#define EINVAL 22
#define REFUSED 2

int refused;

SEC("lsm/bpf")
int BPF_PROG(refuse, int command, union bpf_attr *attr)
{
	if (command != BPF_PROG_TEST_RUN || attr->test.ctx_size_in == 0 || refused >= REFUSED)
		return 0;
	refused++;
	return -EINVAL;
}

char LICENSE[] SEC("license") = "GPL";
