// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "kept_map.h"
#include "map_entry.h"
#include "nested.h"
#include "object.h"
#include "operation.h"
#include "serve.h"
#include "snapshot.h"
#include "test_run.h"
#include "watch.h"

#define MAX_NAMES 1024
/* A map that is told whole. */
#define MAX_ENTRIES 65536
#define MAX_BYTES (32u << 20)
/* No case is begun when the answer has become as large; what one case adds is not bounded here. */
#define ENOUGH (8u << 20)

/* The names that the cases of one request refer to by number. */
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

struct change {
	struct reply *reply;
	const struct map *map;
	uint32_t entries;
	uint32_t gone;
	/* Of the keys that are gone, told after the entries. */
	const void **keys;
	uint32_t room;
};

static void add_change(void *context, const void *key, const void *value)
{
	struct change *change = context;

	if (value) {
		change->entries++;
		reply_map(change->reply, 2);
		reply_key_bytes(change->reply, "key", key, change->map->key_size);
		reply_key_bytes(change->reply, "value", value, map_value_bytes(change->map));
		return;
	}
	if (change->gone == change->room) {
		change->room = change->room ? change->room * 2 : 16;
		change->keys = realloc(change->keys, change->room * sizeof(*change->keys));
		if (!change->keys)
			abort();
	}
	/* Points into what was kept, which stays. */
	change->keys[change->gone++] = key;
}

/* Of a map that is not kept, or cannot be compared as maps of maps cannot: all it holds. */
static void reply_whole(struct reply *reply, const struct bpf_map *of)
{
	struct content content = { 0 };
	struct map map;
	uint32_t most, value_bytes;
	int error = map_describe(&map, bpf_map__fd(of));

	if (!error) {
		most = content_fitting(&map, MAX_BYTES);
		if (most > MAX_ENTRIES)
			most = MAX_ENTRIES;
		error = is_map_of_maps(&map) ? nested_read(&content, &map, most) : content_read(&content, &map, most);
	}
	if (error) {
		reply_fail(reply, -error, "read map %s", bpf_map__name(of));
		return;
	}
	value_bytes = map_value_bytes(&map);
	reply_key(reply, "entries");
	reply_array(reply, content.count);
	for (uint32_t i = 0; i < content.count; i++) {
		struct change one = { .reply = reply, .map = &map };

		add_change(&one, content.keys + (size_t)i * map.key_size, content.values + (size_t)i * value_bytes);
	}
	reply_key(reply, "gone");
	reply_array(reply, 0);
	reply_key_bool(reply, "whole", true);
	reply_key_bool(reply, "truncated", content.truncated);
	content_free(&content);
}

/* Packs what a map holds now, if that is not what it held; false when it is. */
static bool reply_changed_map(const struct replay *replay, uint32_t index)
{
	const struct bpf_map *of = replay->tables->maps[index];
	struct kept_map *kept = snapshot_find(replay->object, of);
	struct reply *reply = replay->reply;
	struct change change = { .reply = reply, .map = kept ? kept_map_shape(kept) : NULL };
	size_t start = reply->buffer.size, array;
	bool compared;

	reply_map(reply, 5);
	reply_key_uint(reply, "map", index);
	reply_key(reply, "entries");
	array = reply_array_begin(reply);
	compared = kept && !is_map_of_maps(change.map) && kept_map_changes(kept, add_change, &change) == 0;
	if (!compared || change.entries + change.gone == 0) {
		free(change.keys);
		reply->buffer.size = start;
		if (compared)
			return false;
		reply_map(reply, 5);
		reply_key_uint(reply, "map", index);
		reply_whole(reply, of);
		return true;
	}
	reply_array_end(reply, array, change.entries);
	reply_key(reply, "gone");
	reply_array(reply, change.gone);
	for (uint32_t i = 0; i < change.gone; i++)
		reply_bytes(reply, change.keys[i], change.map->key_size);
	reply_key_bool(reply, "whole", false);
	reply_key_bool(reply, "truncated", false);
	free(change.keys);
	return true;
}

static void reply_changes(const struct replay *replay, const char *key)
{
	uint32_t count = 0;
	size_t array;

	reply_key(replay->reply, key);
	array = reply_array_begin(replay->reply);
	for (uint32_t i = 0; i < replay->tables->map_count && !replay->reply->failed; i++)
		count += reply_changed_map(replay, i);
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

/* Packs the errnos of one map's entries. True when all were written. */
static bool fill(const struct replay *replay, struct args *args)
{
	const struct bpf_map *of = object_map_argument(args, replay->object, replay->reply);
	uint32_t count = args_count(args, "entries", UINT32_MAX);
	struct map map;
	uint8_t *room;
	bool filled = true;
	int error;

	if (!of || !args_valid(args))
		return false;
	error = map_describe(&map, bpf_map__fd(of));
	if (error) {
		reply_fail(replay->reply, error, "map %s", bpf_map__name(of));
		return false;
	}
	room = map_entry_room(&map);
	reply_array(replay->reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct args entry = args_element(args, "entries", i);

		error = map_entry_write(&entry, replay->object, of, &map, room);
		reply_uint(replay->reply, -error);
		filled = filled && !error;
	}
	free(room);
	return filled;
}

static bool can_go_on(const struct replay *replay, const struct args *args)
{
	return args_valid(args) && !replay->reply->failed;
}

/* Packs the errnos and what the maps hold then. True when all was written. */
static bool fill_all(const struct replay *replay, struct args *one)
{
	uint32_t count = args_count_or_none(one, "fills", UINT32_MAX);
	bool filled = true;

	reply_key(replay->reply, "errnos");
	reply_array(replay->reply, count);
	for (uint32_t i = 0; i < count && can_go_on(replay, one); i++) {
		struct args element = args_element(one, "fills", i);

		filled = fill(replay, &element) && filled;
	}
	if (can_go_on(replay, one))
		reply_changes(replay, "before");
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
		reply_changes(replay, "maps");
	if (has_events && can_go_on(replay, element))
		reply_events(replay);
}

static void replay_case(struct replay *replay, struct args *one)
{
	uint32_t program = args_uint(one, "program", MAX_NAMES - 1), fills = args_count_or_none(one, "fills", UINT32_MAX);
	uint32_t count = args_count(one, "runs", UINT32_MAX), done = 0;
	size_t array;

	if (program >= replay->tables->program_count)
		args_complain(one, "program", "is none of the programs");
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

static void name_difference(void *context, const char *map, enum snapshot_how how)
{
	struct change *names = context;

	(void)how;
	names->entries++;
	reply_string(names->reply, map);
}

static void replay_all(struct replay *replay, struct args *args)
{
	struct reply *reply = replay->reply;
	uint32_t count = args_count(args, "cases", UINT32_MAX), done = 0;
	msgpack_sbuffer differs;
	struct reply names = { 0 };
	struct change differing = { .reply = &names };
	size_t array;

	msgpack_sbuffer_init(&differs);
	msgpack_packer_init(&names.packer, &differs, msgpack_sbuffer_write);
	reply_map(reply, 3);
	reply_key(reply, "cases");
	array = reply_array_begin(reply);
	while (done < count && !snapshot_spoilt(replay->object) && reply->buffer.size < ENOUGH) {
		struct args one = args_element(args, "cases", done++);

		if (args_valid(&one))
			replay_case(replay, &one);
		/* Also after a case that went wrong. */
		snapshot_restore(replay->object, name_difference, &differing);
		if (!can_go_on(replay, args))
			break;
	}
	if (can_go_on(replay, args)) {
		reply_array_end(reply, array, done);
		reply_key_bool(reply, "equal", !snapshot_spoilt(replay->object));
		reply_key(reply, "differs");
		reply_array(reply, differing.entries);
		msgpack_sbuffer_write(&reply->buffer, differs.data, differs.size);
	}
	msgpack_sbuffer_destroy(&differs);
	test_run_buffers_free(&replay->buffers);
}

/* The number of names under `key`; each is then to be found. */
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
		reply_fail(reply, ENOENT, "replay in an object without a snapshot");
		return;
	}
	serve_enter_call();
	replay_all(&replay, args);
	serve_leave_call();
}
