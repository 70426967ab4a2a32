// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A map of maps whose inner maps only the package's loader knows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} tenants SEC(".maps");

/** Answers what the map of tenant 2 has for 7. */
SEC("xdp")
int of_tenant(struct xdp_md *xdp)
{
	void *tenant = bpf_map_lookup_elem(&tenants, &(__u32){ 2 });
	__u32 *verdict = tenant ? bpf_map_lookup_elem(tenant, &(__u32){ 7 }) : 0;

	return verdict ? *verdict : XDP_ABORTED;
}

char _license[] SEC("license") = "Dual BSD/GPL";
