// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where a packet goes is in its byte 14. Tests look for the marks at the ends of lines. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 plain, wide, looped, odd, failed, landed_at, called, turns;

SEC("xdp")
int landed(struct xdp_md *ctx)
{
	landed_at += ctx->ingress_ifindex; /* landed */
	return XDP_TX;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, int(void *));
} targets SEC(".maps") = {
	.values = { [0] = (void *)&landed },
};

static __attribute__((noinline)) int twice(__u64 number)
{
	if (number > 9)
		called += number * 5; /* subprogram-large */
	else
		turns ^= number; /* subprogram-small */
	return number & 3;
}

__attribute__((noinline)) int scale(struct xdp_md *ctx, __u32 by)
{
	if (by > 7)
		return ctx->ingress_ifindex * by; /* global-large */
	called += by * 3; /* global-small */
	return XDP_PASS;
}

SEC("xdp")
int branch(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 16 > end)
		return XDP_ABORTED;
	switch (data[14]) {
	case 1:
		return twice(data[15]); /* subprogram */
	case 2:
		return scale(ctx, data[15]); /* global */
	case 3:
#pragma clang loop unroll(disable)
		for (int i = 0; i < 8; i++) {
			looped += data[i]; /* loop */
			if (data[i] & 1)
				odd += 7; /* loop-odd */
		}
		return XDP_DROP;
	case 4:
		bpf_tail_call(ctx, &targets, data[15] & 1); /* tail-call */
		failed += 11; /* tail-call-failed */
		return XDP_DROP;
	case 5:
		wide ^= 0x123456789abcdef0ULL; /* wide */
		return XDP_DROP;
	}
	plain++; /* plain */
	return XDP_PASS;
}

static long each(__u64 index, void *context)
{
	if (index & 1)
		odd++; /* callback-odd */
	turns += 3; /* callback */
	return index == 4;
}

/** Its first byte, or 0. */
static __u32 first(struct xdp_md *ctx)
{
	__u8 *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	return data + 1 > end ? 0 : *data;
}

SEC("?xdp")
int callback(struct xdp_md *ctx)
{
	bpf_loop(first(ctx), each, NULL, 0); /* bpf-loop */
	return XDP_PASS;
}

#ifdef V4
/** Counts as long as the kernel lets it. */
SEC("?xdp")
int patient(struct xdp_md *ctx)
{
	for (__u32 i = 0; i < first(ctx); i++) {
		asm volatile goto("may_goto %l[out]" : : : : out);
		turns += i * 3; /* may-goto */
	}
	return XDP_PASS;
out:
	failed++;
	return XDP_DROP;
}

SEC("?xdp")
int far(struct xdp_md *ctx)
{
	if (first(ctx) == 1)
		asm volatile goto("gotol %l[there]" : : : : there);
	turns ^= 3; /* near */
	return XDP_PASS;
there:
	failed += 5; /* far */
	return XDP_DROP;
}
#endif

/** Jumps as far as 16 bits can say, but for two instructions. */
SEC("?xdp")
int wide_jump(struct xdp_md *ctx)
{
	asm volatile goto("if %[first] == 1 goto %l[out]; .rept 32765; r0 = 0; .endr"
			  :
			  : [first] "r"(first(ctx))
			  : "r0"
			  : out);
	return XDP_PASS;
out:
	return XDP_DROP;
}

SEC("?xdp")
int clock(struct xdp_md *ctx)
{
	landed_at = bpf_ktime_get_ns();
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
