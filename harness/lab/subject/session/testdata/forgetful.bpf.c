// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts packets; with TIMER it has a map with more in it than reading shows, so that nothing can be proven put back. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#ifdef TIMER
struct alarm {
	struct bpf_timer timer;
	__u64 armed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct alarm);
} alarms SEC(".maps");
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("xdp")
int count(struct xdp_md *ctx)
{
	__u64 *value = bpf_map_lookup_elem(&counters, &(__u32){ 1 });

#ifdef TIMER
	struct alarm *alarm = bpf_map_lookup_elem(&alarms, &(__u32){ 0 });

	if (alarm)
		alarm->armed++;
#endif
	if (value)
		*value += 1;
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
