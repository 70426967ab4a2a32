// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs for functions and USDT probes of user-target.c, which is /usr/bin/target in guests. */
#define __TARGET_ARCH_x86
#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#ifndef WITHOUT_USDT_MAPS
#include <bpf/usdt.bpf.h>
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";
long calls;

#define COUNTS(name)                                                                                                   \
	int name(void *context)                                                                                        \
	{                                                                                                              \
		__sync_fetch_and_add(&calls, 1);                                                                       \
		return 0;                                                                                              \
	}

#ifdef WITHOUT_USDT_MAPS
SEC("usdt//usr/bin/target:bpfgate:worked") COUNTS(without_maps)
#else
SEC("uprobe//usr/bin/target:work") COUNTS(on_work)
SEC("uretprobe//usr/bin/target:work_more") COUNTS(on_return)
SEC("uprobe//usr/bin/target:work+1") COUNTS(on_offset)
SEC("uprobe/target:work") COUNTS(by_name)
SEC("uprobe") COUNTS(function_of_manifest)
SEC("uretprobe") COUNTS(return_of_manifest)
SEC("usdt") COUNTS(probe_of_manifest)
SEC("uprobe.s//usr/bin/target:work") COUNTS(sleeping)
SEC("uprobe.multi//usr/bin/target:work*") COUNTS(on_pattern)
SEC("uprobe.multi") COUNTS(pattern_of_manifest)
SEC("uprobe.session//usr/bin/target:work*") COUNTS(in_session)
SEC("usdt//usr/bin/pie:bpfgate:worked") COUNTS(independent)

SEC("usdt//usr/bin/target:bpfgate:worked")
int BPF_USDT(on_probe, int amount)
{
	return amount < 0;
}

SEC("uprobe//usr/bin/target:nothing") COUNTS(no_function)
SEC("uprobe//usr/bin/target:wrok") COUNTS(misspelt)
SEC("uprobe.multi//usr/bin/target:nothing*") COUNTS(no_match)
SEC("usdt//usr/bin/target:bpfgate:slept") COUNTS(no_probe)
SEC("usdt//usr/bin/plain:bpfgate:worked") COUNTS(no_probes)
SEC("uretprobe//usr/bin/target:work+1") COUNTS(return_offset)
SEC("uprobe//usr/bin/script:main") COUNTS(no_binary)
SEC("usdt//usr/bin/script:bpfgate:worked") COUNTS(no_binary_either)
SEC("uprobe//usr/bin/foreign:work") COUNTS(foreign)
SEC("uprobe//usr/bin/cut:work") COUNTS(cut_short)

SEC("uprobe//init:main") COUNTS(of_agent)
SEC("uprobe//proc/self/exe:main") COUNTS(of_agent_too)
SEC("uprobe//usr/bin/absent:work") COUNTS(absent)
SEC("uprobe/work") COUNTS(of_no_binary)
#endif
