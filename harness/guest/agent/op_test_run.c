// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel.h"
#include "object.h"
#include "operation.h"
#include "serve.h"
#include "snapshot.h"

/* A packet may grow by that much unless more room is asked for; contexts of the kernel are no larger. */
#define GROWTH 256
#define MAX_OUT (1u << 20)
/* Of BPF_PROG_TYPE_SYSCALL (bpf_prog_test_run_syscall, net/bpf/test_run.c). */
#define MAX_CONTEXT 65535

/* What the kernel copies back to user space, by program type (net/bpf/test_run.c). */
struct gives {
	bool packet;
	bool context;
	/* Into the context that it was given. */
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

/* Buffers of one request, as large as its largest run needs them. */
struct buffers {
	uint8_t *data;
	uint8_t *context;
	uint32_t data_room;
	uint32_t context_room;
};

static void reserve(uint8_t **buffer, uint32_t *room, uint32_t size)
{
	if (size <= *room)
		return;
	*room = size;
	*buffer = realloc(*buffer, size);
	if (!*buffer)
		abort();
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void run_once(struct args *run, int fd, const struct gives *gives, struct buffers *buffers,
		     struct reply *reply)
{
	struct bytes data = args_bytes_or_none(run, "data_in");
	struct bytes context = args_bytes_or_none(run, "ctx_in");
	uint32_t data_max = args_uint_or(run, "data_out_max", MAX_OUT, data.data ? data.length + GROWTH : 0);
	uint32_t context_max = args_uint_or(run, "ctx_out_max", MAX_OUT,
					    !context.data ? 0 : context.length > GROWTH ? context.length : GROWTH);
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data.data, .data_size_in = data.length,
		    .ctx_in = context.data, .ctx_size_in = context.length,
		    .repeat = args_uint_or(run, "repeat", INT32_MAX, 0), .cpu = args_uint_or(run, "cpu", UINT32_MAX, 0),
		    .flags = args_uint_or(run, "flags", UINT32_MAX, 0),
		    .batch_size = args_uint_or(run, "batch_size", UINT32_MAX, 0));
	int error;

	if (context.length > MAX_CONTEXT)
		args_complain(run, "ctx_in", "is longer than any context");
	if (!args_valid(run))
		return;
	if (gives->packet && data_max > 0) {
		reserve(&buffers->data, &buffers->data_room, data_max);
		opts.data_out = buffers->data;
		opts.data_size_out = data_max;
	}
	if (gives->context && context_max > 0) {
		reserve(&buffers->context, &buffers->context_room, context_max);
		opts.ctx_out = buffers->context;
		opts.ctx_size_out = context_max;
	}
	if (gives->context_in_place && context.length > 0) {
		reserve(&buffers->context, &buffers->context_room, context.length);
		memcpy(buffers->context, context.data, context.length);
		opts.ctx_in = buffers->context;
	}
	error = -bpf_prog_test_run_opts(fd, &opts);
	/* After any other errno the sizes are those it was called with, and nothing was copied. */
	if (error && error != ENOSPC)
		opts.data_size_out = opts.ctx_size_out = opts.retval = opts.duration = 0;
	else if (gives->context_in_place)
		opts.ctx_size_out = context.length;
	reply_map(reply, 6);
	reply_key_uint(reply, "errno", error);
	reply_key_uint(reply, "retval", opts.retval);
	reply_key_uint(reply, "duration_ns", opts.duration);
	reply_key_uint(reply, "data_size", opts.data_size_out);
	reply_key_bytes(reply, "data_out", buffers->data, smaller(opts.data_size_out, data_max));
	reply_key_bytes(reply, "ctx_out", buffers->context, smaller(opts.ctx_size_out, context_max));
}

struct differing {
	struct reply *reply;
	uint32_t count;
	const char *names[64];
};

static void note_difference(void *context, const char *map, enum snapshot_how how)
{
	struct differing *differing = context;

	(void)how;
	if (differing->count < sizeof(differing->names) / sizeof(differing->names[0]))
		differing->names[differing->count++] = map;
}

static void run_all(struct args *args, struct object *object, const struct bpf_program *program, bool reset,
		    struct reply *reply)
{
	struct gives gives = gives_of(bpf_program__type(program));
	uint32_t count = args_count(args, "runs"), done = 0;
	struct differing differing = { .reply = reply };
	struct buffers buffers = { 0 };
	size_t array;

	reply_map(reply, 2);
	reply_key(reply, "runs");
	array = reply_array_begin(reply);
	while (done < count && args_valid(args) && reply->buffer.size <= CHANNEL_MAX_PAYLOAD) {
		struct args run = args_element(args, "runs", done);

		if (reset && !snapshot_restore(object, note_difference, &differing))
			break;
		run_once(&run, bpf_program__fd(program), &gives, &buffers, reply);
		done++;
	}
	reply_array_end(reply, array, done);
	reply_key(reply, "differs");
	reply_array(reply, differing.count);
	for (uint32_t i = 0; i < differing.count; i++)
		reply_string(reply, differing.names[i]);
	free(buffers.data);
	free(buffers.context);
}

void op_test_run(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	const char *name = args_string(args, "program");
	bool reset = args_bool_or(args, "reset", false);
	const struct bpf_program *program;

	args_count(args, "runs");
	if (!object || !args_valid(args))
		return;
	program = bpf_object__find_program_by_name(object->bpf, name);
	if (!program || bpf_program__fd(program) < 0) {
		reply_fail(reply, program ? EBADF : ENOENT, "program %s", name);
		return;
	}
	if (reset && !object->snapshot) {
		reply_fail(reply, ENOENT, "reset an object without a snapshot");
		return;
	}
	/* Many repetitions take long, and there is nothing to see of them meanwhile. */
	serve_enter_call();
	run_all(args, object, program, reset, reply);
	serve_leave_call();
}
