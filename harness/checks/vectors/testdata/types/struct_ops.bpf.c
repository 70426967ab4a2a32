// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The one kind of struct_ops that BPF_PROG_TEST_RUN runs, from 5.17 on, and one that it does not. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_dummy_ops_state;
struct sock;

/* As the kernel's (include/linux/bpf.h): libbpf goes by the names of members. */
struct bpf_dummy_ops {
	int (*test_1)(struct bpf_dummy_ops_state *state);
};

SEC("struct_ops/test_1")
int answer(__u64 *args)
{
#ifdef MUTANT
	return 41;
#else
	return 42;
#endif
}

SEC(".struct_ops")
struct bpf_dummy_ops dummy = { .test_1 = (void *)answer };

char _license[] SEC("license") = "Dual BSD/GPL";
