// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Programs that kernels refuse, each for a reason of its own; see reasons.vm.test.ts. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} values SEC(".maps");

__u64 out;
int count;

static long step(__u32 i, void *sum)
{
	*(long *)sum += i;
	return 0;
}

/* Before 5.17 there is no bpf_loop, and its callback is no function. */
SEC("xdp")
int loop(struct xdp_md *ctx)
{
	long sum = 0;

	bpf_loop(8, step, &sum, 0);
	return sum == 28 ? XDP_PASS : XDP_DROP;
}

static long two(__u32 i, void *unused)
{
	return 2;
}

SEC("xdp")
int callback_return(struct xdp_md *ctx)
{
	bpf_loop(4, two, (void *)0, 0);
	return XDP_PASS;
}

/* A short here, an enumeration in the kernel from 6.17 on. */
struct tty_driver {
	short type;
} __attribute__((preserve_access_index));
struct tty_struct {
	struct tty_driver *driver;
} __attribute__((preserve_access_index));

SEC("raw_tp/sys_enter")
int tty_type(void *ctx)
{
	struct tty_struct *tty = (void *)bpf_get_current_task();

	out = BPF_CORE_READ(tty, driver, type);
	return 0;
}

/* hwtstamp came with 5.16. */
SEC("tc")
int timestamp(struct __sk_buff *skb)
{
	return skb->hwtstamp ? 0 : -1;
}

SEC("tc")
int narrow(struct __sk_buff *skb)
{
	int found;

	/* Half of tstamp, which is read as a whole only. */
	asm volatile("%0 = *(u32 *)(%1 + 152)" : "=r"(found) : "r"(skb));
	return found;
}

static __always_inline __u64 *value(void)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&values, &key);
}

SEC("tc")
int zero_sized(struct __sk_buff *skb)
{
	__u64 *v = value();

	return v ? bpf_trace_printk((void *)v, 0) : 0;
}

SEC("tc")
int two_pointers(struct __sk_buff *skb)
{
	__u64 *v = value();
	int found = 0;

	if (!v)
		return 0;
	asm volatile("r1 = %1; r2 = *(u32 *)(r1 + 0); if r2 == 0 goto +1; r1 = %2; %0 = *(u32 *)(r1 + 0);"
		     : "=r"(found)
		     : "r"(skb), "r"(v)
		     : "r1", "r2");
	return found;
}

SEC("tc")
int alu32(struct __sk_buff *skb)
{
	__u64 *v = value();

	if (v)
		asm volatile("r1 = %0; w1 += 4; r0 = *(u8 *)(r1 + 0);" ::"r"(v) : "r0", "r1");
	return 0;
}

/* Before 5.12 atomic additions give no result. */
SEC("xdp")
int fetch_add(struct xdp_md *ctx)
{
	return __sync_fetch_and_add(&count, 1) & 1 ? XDP_DROP : XDP_PASS;
}

SEC("kprobe/vfs_read")
int override(void *ctx)
{
	bpf_override_return(ctx, 0);
	return 0;
}

struct request_queue___mine {
	void *no_such_field;
} __attribute__((preserve_access_index));

SEC("tp_btf/no_such_tracepoint_here")
int guarded(__u64 *ctx)
{
	struct request_queue___mine *queue = (void *)ctx[0];

	if (bpf_core_field_exists(queue->no_such_field))
		return (long)BPF_CORE_READ(queue, no_such_field);
	return 0;
}

SEC("lsm/getprocattr")
int closed_hook(__u64 *ctx)
{
	return 0;
}

SEC("fentry/br_forward")
int in_module(__u64 *ctx)
{
	return 0;
}

SEC("lsm")
int bare_lsm(void *ctx)
{
	return 0;
}

SEC("fentry")
int bare_fentry(void *ctx)
{
	return 0;
}

SEC("freplace")
int bare_freplace(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("fmod_ret")
int bare_fmod_ret(void *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
