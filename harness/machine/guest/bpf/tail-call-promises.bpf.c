// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Tests tail calls, alone and combined with calls of functions. Each program is in slot 0 of
 * `slots` and so calls itself, or the verifier must refuse it. Each stops by itself if the kernel
 * fails to count tail calls.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

/*
 * More than the limit of 33, but few enough for the stack frames of all runs to fit on the kernel
 * stack.
 */
#define RUNAWAY 40

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} other_slots SEC(".maps");

struct locked {
	struct bpf_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} locks SEC(".maps");

struct {
	__u32 runs;
	__u32 other_runs;
	__u32 traced;
	__u32 slot;
} seen SEC(".bss.seen");

/* Both return a negative number that the verifier does not know, unless a program was called. */
static __noinline int call_slot(struct __sk_buff *skb)
{
	int left = -(int)skb->len;

	bpf_tail_call(skb, &slots, 0);
	barrier_var(left);
	return left;
}

static __noinline int call_other_slot(struct __sk_buff *skb)
{
	int left = -(int)skb->len;

	bpf_tail_call(skb, &other_slots, 0);
	barrier_var(left);
	return left;
}

SEC("?tc")
int direct(struct __sk_buff *skb)
{
	if (++seen.runs < RUNAWAY)
		bpf_tail_call(skb, &slots, 0);
	return 1;
}

/* The compiler does not know the slot. */
SEC("?tc")
int computed(struct __sk_buff *skb)
{
	if (++seen.runs < RUNAWAY)
		bpf_tail_call(skb, &slots, seen.slot);
	return 1;
}

/*
 * Returns how many runs returned to the caller of `call_slot` and found its stack unchanged.
 */
SEC("?tc")
int by_function(struct __sk_buff *skb)
{
	volatile __u32 mine[4] = {};
	int back;

	mine[3] = ++seen.runs;
	if (seen.runs >= RUNAWAY)
		return 1;
	back = call_slot(skb);
	if (mine[0] != 0 || mine[3] == 0 || mine[3] > RUNAWAY)
		return 0;
	return back < 0 ? 1 : back + 1;
}

static __noinline int call_slot_or_zero(struct __sk_buff *skb)
{
	int left = 0;

	bpf_tail_call(skb, &slots, 0);
	barrier_var(left);
	return left;
}

/*
 * Without a tail call the function returns 0, the called program returns 1. A verifier that takes
 * 0 as certain removes the code for 1.
 */
SEC("?tc")
int by_constant_function(struct __sk_buff *skb)
{
	if (call_slot_or_zero(skb) == 0)
		return 0;
	seen.slot = 1;
	return 2;
}

/* Two calls: the tail calls of the first must count in the second. */
SEC("?tc")
int by_two_functions(struct __sk_buff *skb)
{
	int first, second;

	if (++seen.runs >= RUNAWAY)
		return 1;
	first = call_slot(skb);
	second = call_slot(skb);
	barrier_var(first);
	barrier_var(second);
	return 1;
}

SEC("?tc")
int other_branch(struct __sk_buff *skb)
{
	if (++seen.other_runs < RUNAWAY)
		call_other_slot(skb);
	return 1;
}

/* Each of the two programs called here calls itself: they share one count of tail calls. */
SEC("?tc")
int by_branches(struct __sk_buff *skb)
{
	int first = call_slot(skb), second = call_other_slot(skb);

	barrier_var(first);
	barrier_var(second);
	return 1;
}

/* One tail call, followed by one from a function. */
SEC("?tc")
int into_function(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &slots, 0);
	return 0;
}

SEC("?fentry")
int before_call_slot(void *context)
{
	(void)context;
	seen.traced++;
	return 0;
}

/* The caller's frame is too large: 33 of them would exceed the kernel stack. */
SEC("?tc")
int deep_stack(struct __sk_buff *skb)
{
	volatile __u64 frame[34] = {};
	int back;

	frame[33] = skb->len;
	back = call_slot(skb);
	return back + (int)frame[33];
}

static int call_from_callback(__u32 index, void *context)
{
	(void)index;
	bpf_tail_call(*(struct __sk_buff **)context, &slots, 0);
	return 0;
}

SEC("?tc")
int in_callback(struct __sk_buff *skb)
{
	bpf_loop(1, call_from_callback, &skb, 0);
	return 1;
}

static int do_nothing(__u32 index, void *context)
{
	(void)index, (void)context;
	return 0;
}

/* As `in_callback`, but the tail call is outside the callback. */
SEC("?tc")
int beside_callback(struct __sk_buff *skb)
{
	if (++seen.runs < RUNAWAY)
		call_slot(skb);
	bpf_loop(1, do_nothing, NULL, 0);
	return 1;
}

static __always_inline int locked_call(struct __sk_buff *skb, int held)
{
	struct locked *locked = bpf_map_lookup_elem(&locks, &(__u32){ 0 });

	if (!locked)
		return 0;
	bpf_spin_lock(&locked->lock);
	if (held)
		bpf_tail_call(skb, &slots, 0);
	bpf_spin_unlock(&locked->lock);
	if (!held)
		bpf_tail_call(skb, &slots, 0);
	return 1;
}

SEC("?tc")
int under_lock(struct __sk_buff *skb)
{
	return locked_call(skb, 1);
}

SEC("?tc")
int after_lock(struct __sk_buff *skb)
{
	return locked_call(skb, 0);
}

static __always_inline int referring_call(struct __sk_buff *skb, int held)
{
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sock = bpf_sk_lookup_udp(skb, &tuple, sizeof(tuple.ipv4), BPF_F_CURRENT_NETNS, 0);

	if (!sock)
		return 1;
	if (held)
		bpf_tail_call(skb, &slots, 0);
	bpf_sk_release(sock);
	if (!held)
		bpf_tail_call(skb, &slots, 0);
	return 1;
}

SEC("?tc")
int with_reference(struct __sk_buff *skb)
{
	return referring_call(skb, 1);
}

SEC("?tc")
int without_reference(struct __sk_buff *skb)
{
	return referring_call(skb, 0);
}

SEC("?xdp")
int of_another_type(struct xdp_md *xdp)
{
	(void)xdp;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
