// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Small programs, one object each; the token that each needs is known. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

static __always_inline void count(__u32 key)
{
	__u64 one = 1, *found = bpf_map_lookup_elem(&seen, &key);

	if (found)
		__sync_fetch_and_add(found, 1);
	else
		bpf_map_update_elem(&seen, &key, &one, BPF_ANY);
}

#ifdef OBSERVER
SEC("raw_tp/sys_enter")
int observe(void *context)
{
	count(bpf_get_smp_processor_id());
	return 0;
}
#endif

#ifdef HURTING
#define SIGKILL 9
#define SIGSTOP 19

SEC("raw_tp/sys_enter")
int kill_at_calls(void *context)
{
	return bpf_send_signal(SIGKILL);
}

SEC("raw_tp/sys_exit")
int stop_at_calls(void *context)
{
	return bpf_send_signal(SIGSTOP);
}

SEC("raw_tp/sched_switch")
int observe(void *context)
{
	count(0);
	return 0;
}
#endif

#ifdef FILTER
/* Compares a packet pointer with zero, which leaks it. */
SEC("tc")
int filter(struct __sk_buff *skb)
{
	volatile char *data = (char *)(long)skb->data;
	char *end = (char *)(long)skb->data_end;

	count((__u32)(long)(end - data));
	return TC_ACT_OK;
}
#endif

#ifdef EVENTS
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

SEC("tc")
int filter(struct __sk_buff *skb)
{
	__u32 one = 1;

	count(0);
	bpf_perf_event_output(skb, &events, BPF_F_CURRENT_CPU, &one, sizeof(one));
	return TC_ACT_OK;
}
#endif

#ifdef BYTES
SEC("tc")
int filter(struct __sk_buff *skb)
{
	__u8 first = 0;

	if (bpf_skb_load_bytes(skb, 0, &first, sizeof(first)) == 0)
		count(first);
	return TC_ACT_OK;
}
#endif

#ifdef WRITER
/* Only root of the initial user namespace may write the memory of processes on 6.12. */
SEC("raw_tp/sys_enter")
int observe(void *context)
{
	char zero = 0;

	count(bpf_probe_write_user((void *)8, &zero, sizeof(zero)));
	return 0;
}
#endif

#ifdef TARGET
__attribute__((noinline)) int verdict(struct xdp_md *packet)
{
	volatile int pass = XDP_PASS;

	return packet ? pass : XDP_ABORTED;
}

SEC("xdp")
int entry(struct xdp_md *packet)
{
	count(0);
	return verdict(packet);
}
#endif

#ifdef REPLACEMENT
SEC("freplace/verdict")
int replacement(struct xdp_md *packet)
{
	count(1);
	return packet ? XDP_DROP : XDP_ABORTED;
}
#endif

char _license[] SEC("license") = "Dual BSD/GPL";
