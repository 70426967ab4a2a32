// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "channel.h"
#include "object.h"
#include "operation.h"
#include "serve.h"
#include "snapshot.h"
#include "test_run.h"

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
	uint32_t count = args_count(args, "runs", UINT32_MAX), done = 0;
	struct differing differing = { .reply = reply };
	struct test_run_buffers buffers = { 0 };
	size_t array;

	reply_map(reply, 2);
	reply_key(reply, "runs");
	array = reply_array_begin(reply);
	while (done < count && args_valid(args) && reply->buffer.size <= CHANNEL_MAX_PAYLOAD) {
		struct args run = args_element(args, "runs", done);

		if (reset && !snapshot_restore(object, note_difference, &differing))
			break;
		test_run(&run, program, &buffers, reply);
		done++;
	}
	reply_array_end(reply, array, done);
	reply_key(reply, "differs");
	reply_array(reply, differing.count);
	for (uint32_t i = 0; i < differing.count; i++)
		reply_string(reply, differing.names[i]);
	test_run_buffers_free(&buffers);
}

void op_test_run(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	const char *name = args_string(args, "program");
	bool reset = args_bool_or(args, "reset", false);
	const struct bpf_program *program;

	args_count(args, "runs", UINT32_MAX);
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
