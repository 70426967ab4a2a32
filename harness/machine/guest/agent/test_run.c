// SPDX-License-Identifier: Apache-2.0
#include "test_run.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* The default room for a packet to grow; kernel contexts are not larger. */
#define GROWTH 256
#define MAX_OUT (1u << 20)
/* Limit of BPF_PROG_TYPE_SYSCALL (bpf_prog_test_run_syscall, net/bpf/test_run.c). */
#define MAX_CONTEXT 65535

/* What the kernel copies back to user space, by program type (net/bpf/test_run.c). */
struct gives {
	bool packet;
	bool context;
	/* Copied into the input context. */
	bool context_in_place;
};

static struct gives gives_of(enum bpf_prog_type type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
	case BPF_PROG_TYPE_SCHED_CLS:
	case BPF_PROG_TYPE_SCHED_ACT:
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_LWT_IN:
	case BPF_PROG_TYPE_LWT_OUT:
	case BPF_PROG_TYPE_LWT_XMIT:
	case BPF_PROG_TYPE_LWT_SEG6LOCAL:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
		return (struct gives){ .packet = true, .context = true };
	case BPF_PROG_TYPE_SK_LOOKUP:
		return (struct gives){ .context = true };
	case BPF_PROG_TYPE_SYSCALL:
		return (struct gives){ .context_in_place = true };
	default:
		return (struct gives){ 0 };
	}
}

static void reserve(uint8_t **buffer, uint32_t *room, uint32_t size)
{
	if (size <= *room)
		return;
	*room = size;
	*buffer = memory_resized(*buffer, size);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void test_run_buffers_free(struct test_run_buffers *buffers)
{
	free(buffers->data);
	free(buffers->context);
}

void test_run(struct args *run, const struct bpf_program *program, struct test_run_buffers *buffers,
	      struct reply *reply)
{
	struct gives gives = gives_of(bpf_program__type(program));
	struct bytes data = args_bytes_or_none(run, "data_in", UINT32_MAX);
	struct bytes context = args_bytes_or_none(run, "ctx_in", MAX_CONTEXT);
	uint32_t data_max = args_uint_or(run, "data_out_max", MAX_OUT, data.data ? data.length + GROWTH : 0);
	uint32_t context_max = args_uint_or(run, "ctx_out_max", MAX_OUT,
					    !context.data ? 0 : context.length > GROWTH ? context.length : GROWTH);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data.data, .data_size_in = data.length,
		    .ctx_in = context.data, .ctx_size_in = context.length,
		    .repeat = args_uint_or(run, "repeat", INT32_MAX, 0), .cpu = args_uint_or(run, "cpu", UINT32_MAX, 0),
		    .flags = args_uint_or(run, "flags", UINT32_MAX, 0),
		    .batch_size = args_uint_or(run, "batch_size", UINT32_MAX, 0));
	int error;

	if (!args_valid(run))
		return;
	if (gives.packet && data_max > 0) {
		reserve(&buffers->data, &buffers->data_room, data_max);
		opts.data_out = buffers->data;
		opts.data_size_out = data_max;
	}
	if (gives.context && context_max > 0) {
		reserve(&buffers->context, &buffers->context_room, context_max);
		opts.ctx_out = buffers->context;
		opts.ctx_size_out = context_max;
	}
	if (gives.context_in_place && context.length > 0) {
		reserve(&buffers->context, &buffers->context_room, context.length);
		memcpy(buffers->context, context.data, context.length);
		opts.ctx_in = buffers->context;
	}
	error = -bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	/* After any other errno the sizes are unchanged, and nothing was copied. */
	if (error && error != ENOSPC)
		opts.data_size_out = opts.ctx_size_out = opts.retval = opts.duration = 0;
	else if (gives.context_in_place)
		opts.ctx_size_out = context.length;
	reply_map(reply, 6);
	reply_key_uint(reply, "errno", error);
	reply_key_uint(reply, "retval", opts.retval);
	reply_key_uint(reply, "duration_ns", opts.duration);
	reply_key_uint(reply, "data_size", opts.data_size_out);
	reply_key_bytes(reply, "data_out", buffers->data, smaller(opts.data_size_out, data_max));
	reply_key_bytes(reply, "ctx_out", buffers->context, smaller(opts.ctx_size_out, context_max));
}
