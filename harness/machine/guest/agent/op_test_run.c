// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>

#include "channel.h"
#include "object.h"
#include "operation.h"
#include "request.h"
#include "snapshot.h"
#include "test_run.h"

static void run_all(struct args *args, struct object *object, const struct bpf_program *program, bool reset,
		    struct reply *reply)
{
	uint32_t count = args_count(args, "runs", UINT32_MAX), done = 0;
	struct snapshot_names differing = { 0 };
	struct test_run_buffers buffers = { 0 };
	size_t array;

	reply_map(reply, 2);
	reply_key(reply, "runs");
	array = reply_array_begin(reply);
	while (done < count && args_valid(args) && reply->buffer.size <= CHANNEL_MAX_PAYLOAD) {
		struct args run = args_element(args, "runs", done);

		if (reset && !snapshot_restore(object, snapshot_note_name, &differing))
			break;
		test_run(&run, program, &buffers, reply);
		done++;
	}
	reply_array_end(reply, array, done);
	snapshot_reply_differs(reply, &differing);
	free(differing.names);
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
		reply_fail(reply, ENOENT, "reset: the object has no snapshot");
		return;
	}
	/* Many repetitions take long without a sign of progress. */
	request_enter_call();
	run_all(args, object, program, reset, reply);
	request_leave_call();
}
