// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/**
 * Bad: reads the context through r1 after a call, which leaves r1 to r5 undefined. A compiler would
 * have saved it.
 */
SEC("xdp")
__attribute__((naked)) int read_after_call(void)
{
	asm volatile("call %[get_prandom_u32];"
		     "r0 = *(u32 *)(r1 + 0);"
		     "exit;"
		     :
		     : [get_prandom_u32] "i"(BPF_FUNC_get_prandom_u32));
}

char _license[] SEC("license") = "Dual BSD/GPL";
