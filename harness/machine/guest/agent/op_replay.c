// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "map_change.h"
#include "map_entry.h"
#include "object.h"
#include "operation.h"
#include "request.h"
#include "snapshot.h"
#include "test_run.h"
#include "watch.h"

#define MAX_NAMES 1024
/* When the answer is this large, no further case begins; one case may exceed it. */
#define ENOUGH (8u << 20)

/* The programs and maps that the cases of a request refer to by index. */
struct tables {
	const struct bpf_program *programs[MAX_NAMES];
	const struct bpf_map *maps[MAX_NAMES];
	const struct bpf_map *events[MAX_NAMES];
	uint32_t program_count;
	uint32_t map_count;
	uint32_t event_count;
};

struct replay {
	struct object *object;
	struct tables *tables;
	struct test_run_buffers buffers;
	struct reply *reply;
};

static void reply_changes(const struct replay *replay, const char *key, bool begins)
{
	uint32_t count = 0;
	size_t array;

	reply_key(replay->reply, key);
	array = reply_array_begin(replay->reply);
	for (uint32_t i = 0; i < replay->tables->map_count && !replay->reply->failed; i++)
		count += map_change_reply(replay->object, replay->tables->maps[i], i, begins, replay->reply);
	if (!replay->reply->failed)
		reply_array_end(replay->reply, array, count);
}

static void reply_events(const struct replay *replay)
{
	struct reply *reply = replay->reply;

	reply_key(reply, "events");
	reply_array(reply, replay->tables->event_count);
	for (uint32_t i = 0; i < replay->tables->event_count; i++) {
		struct watch *watch = watch_find(replay->object, replay->tables->events[i]);
		uint64_t lost;
		bool more;

		reply_map(reply, 3);
		reply_key(reply, "events");
		watch_drain(watch, reply, &more, &lost);
		reply_key_bool(reply, "more", more);
		reply_key_uint(reply, "lost", lost);
	}
}

static bool can_go_on(const struct replay *replay, const struct args *args)
{
	return args_valid(args) && !replay->reply->failed;
}

/* Packs the errnos and what the maps contain then. True when all entries were written. */
static bool fill_all(const struct replay *replay, struct args *one)
{
	uint32_t count = args_count_or_none(one, "fills", UINT32_MAX);
	bool filled = true;

	reply_key(replay->reply, "errnos");
	reply_array(replay->reply, count);
	for (uint32_t i = 0; i < count && can_go_on(replay, one); i++) {
		struct args element = args_element(one, "fills", i);

		filled = map_entries_write(&element, replay->object, replay->reply) && filled;
	}
	if (can_go_on(replay, one))
		reply_changes(replay, "before", true);
	return filled;
}

static void run(struct replay *replay, struct args *element, const struct bpf_program *program)
{
	bool look = args_bool_or(element, "look", false), has_events = replay->tables->event_count > 0;
	struct args run = args_map(element, "run");

	if (!args_valid(element))
		return;
	reply_map(replay->reply, 1 + look + has_events);
	reply_key(replay->reply, "run");
	snapshot_touched(replay->object);
	test_run(&run, program, &replay->buffers, replay->reply);
	if (look && can_go_on(replay, element))
		reply_changes(replay, "maps", false);
	if (has_events && can_go_on(replay, element))
		reply_events(replay);
}

static void replay_case(struct replay *replay, struct args *one)
{
	uint32_t program = args_uint(one, "program", MAX_NAMES - 1), fills = args_count_or_none(one, "fills", UINT32_MAX);
	uint32_t count = args_count(one, "runs", UINT32_MAX), done = 0;
	size_t array;

	if (program >= replay->tables->program_count)
		args_complain(one, "program", "is %u, but there are %u programs", program, replay->tables->program_count);
	if (!args_valid(one))
		return;
	reply_map(replay->reply, fills > 0 ? 3 : 1);
	snapshot_touched(replay->object);
	if (fills > 0 && !fill_all(replay, one))
		count = 0;
	if (!can_go_on(replay, one))
		return;
	reply_key(replay->reply, "runs");
	array = reply_array_begin(replay->reply);
	while (done < count && can_go_on(replay, one)) {
		struct args element = args_element(one, "runs", done++);

		run(replay, &element, replay->tables->programs[program]);
	}
	if (can_go_on(replay, one))
		reply_array_end(replay->reply, array, done);
}

static void replay_all(struct replay *replay, struct args *args)
{
	struct reply *reply = replay->reply;
	uint32_t count = args_count(args, "cases", UINT32_MAX), done = 0;
	struct snapshot_names differing = { 0 };
	size_t array;

	reply_map(reply, 3);
	reply_key(reply, "cases");
	array = reply_array_begin(reply);
	while (done < count && !snapshot_spoilt(replay->object) && reply->buffer.size < ENOUGH) {
		struct args one = args_element(args, "cases", done++);

		if (args_valid(&one))
			replay_case(replay, &one);
		/* Also after a case that failed. */
		snapshot_restore(replay->object, snapshot_note_name, &differing);
		if (!can_go_on(replay, args))
			break;
	}
	if (can_go_on(replay, args)) {
		reply_array_end(reply, array, done);
		reply_key_bool(reply, "equal", !snapshot_spoilt(replay->object));
		snapshot_reply_differs(reply, &differing);
	}
	free(differing.names);
	test_run_buffers_free(&replay->buffers);
}

/* The number of names under `key`; 0 after a complaint. */
static uint32_t names_count(struct args *args, const char *key)
{
	uint32_t count = args_count(args, key, MAX_NAMES);

	return args_valid(args) ? count : 0;
}

static bool find_names(struct args *args, const struct object *object, struct tables *tables, struct reply *reply)
{
	tables->program_count = names_count(args, "programs");
	tables->map_count = names_count(args, "maps");
	tables->event_count = names_count(args, "events");
	for (uint32_t i = 0; i < tables->program_count; i++) {
		const char *name = args_string_at(args, "programs", i);
		const struct bpf_program *program = bpf_object__find_program_by_name(object->bpf, name);

		if (!program || bpf_program__fd(program) < 0) {
			reply_fail(reply, program ? EBADF : ENOENT, "program %s", name);
			return false;
		}
		tables->programs[i] = program;
	}
	for (uint32_t i = 0; i < tables->map_count; i++) {
		const char *name = args_string_at(args, "maps", i);

		tables->maps[i] = bpf_object__find_map_by_name(object->bpf, name);
		if (!tables->maps[i]) {
			reply_fail(reply, ENOENT, "map %s", name);
			return false;
		}
	}
	for (uint32_t i = 0; i < tables->event_count; i++) {
		const char *name = args_string_at(args, "events", i);

		tables->events[i] = bpf_object__find_map_by_name(object->bpf, name);
		if (!tables->events[i] || !watch_find(object, tables->events[i])) {
			reply_fail(reply, ENOENT, "events of map %s", name);
			return false;
		}
	}
	return args_valid(args);
}

void op_replay(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);
	struct tables tables = { 0 };
	struct replay replay = { .object = object, .tables = &tables, .reply = reply };

	args_count(args, "cases", UINT32_MAX);
	if (!object || !args_valid(args) || !find_names(args, object, &tables, reply))
		return;
	if (!object->snapshot) {
		reply_fail(reply, ENOENT, "replay: the object has no snapshot");
		return;
	}
	request_enter_call();
	replay_all(&replay, args);
	request_leave_call();
}
