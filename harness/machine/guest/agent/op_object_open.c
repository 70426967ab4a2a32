// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "handle_fd.h"
#include "inner_map.h"
#include "libbpf_log.h"
#include "memory.h"
#include "object.h"
#include "object_token.h"
#include "operation.h"
#include "snapshot.h"
#include "struct_ops.h"
#include "watch.h"

struct object *object_argument(struct args *args, const char *key, struct reply *reply)
{
	uint32_t id = args_uint(args, key, UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_OBJECT);

	if (!handle && args_valid(args))
		reply_fail(reply, EBADF, "object %u", id);
	return handle ? handle->object : NULL;
}

struct bpf_map *object_map_argument(struct args *args, const struct object *object, struct reply *reply)
{
	const char *name = args_string(args, "map");
	struct bpf_map *map;

	if (!args_valid(args))
		return NULL;
	map = bpf_object__find_map_by_name(object->bpf, name);
	if (map && bpf_map__fd(map) >= 0 && object->loaded)
		return map;
	reply_fail(reply, map ? EBADF : ENOENT, "map %s", name);
	return NULL;
}

static void object_free(struct object *object)
{
	snapshot_free(object);
	watch_free_all(object);
	free(object->templates);
	for (size_t i = 0; i < object->inner_count; i++)
		close(object->inner_fds[i]);
	free(object->inner_fds);
	for (size_t i = 0; i < object->coverage_count; i++)
		coverage_free(&object->coverage[i].coverage);
	free(object->coverage);
	bpf_object__close(object->bpf);
	free(object);
}

/*
 * Creates a map like `inner` and makes it the template of the inner maps of `map`. 0 or a negative
 * errno.
 */
static int set_inner(struct object *object, struct bpf_map *map, struct args *inner)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = args_uint_or(inner, "flags", UINT32_MAX, 0));
	uint32_t type = args_uint(inner, "type", UINT32_MAX);
	uint32_t key_size = args_uint(inner, "key_size", UINT32_MAX);
	uint32_t value_size = args_uint(inner, "value_size", UINT32_MAX);
	uint32_t max_entries = args_uint(inner, "max_entries", UINT32_MAX);
	int fd;

	if (!args_valid(inner))
		return 0;
	object_token_use(&opts, object->token);
	fd = bpf_map_create(type, NULL, key_size, value_size, max_entries, &opts);
	if (fd < 0)
		return -errno;
	object->inner_fds = memory_resized(object->inner_fds, (object->inner_count + 1) * sizeof(int));
	object->inner_fds[object->inner_count++] = fd;
	inner_map_note(object, map, fd);
	return bpf_map__set_inner_map_fd(map, fd);
}

/* 0, or a negative errno after failing the reply. */
static int set_map(struct object *object, struct args *settings, struct reply *reply)
{
	const char *name = args_string(settings, "name");
	struct args inner = args_map_or_none(settings, "inner");
	struct args reuse = args_map_or_none(settings, "reuse");
	struct bpf_map *map;
	int error = 0;

	if (!args_valid(settings))
		return -EINVAL;
	map = bpf_object__find_map_by_name(object->bpf, name);
	if (!map)
		error = -ENOENT;
	if (!error && args_has(settings, "max_entries"))
		error = bpf_map__set_max_entries(map, args_uint(settings, "max_entries", UINT32_MAX));
	if (!error && args_has(settings, "value_size"))
		error = bpf_map__set_value_size(map, args_uint(settings, "value_size", UINT32_MAX));
	if (!error && args_has(settings, "initial_value")) {
		struct bytes value = args_bytes(settings, "initial_value", UINT32_MAX);

		error = bpf_map__set_initial_value(map, value.data, value.length);
	}
	if (!error && inner.map)
		error = set_inner(object, map, &inner);
	if (!error && reuse.map)
		error = bpf_map__reuse_fd(map, handle_fd(&reuse));
	if (error)
		reply_fail_with_log(reply, error, libbpf_log_text(), "settings of map %s", name);
	return error;
}

/* Sets the target of an freplace, fentry, fexit, fmod_ret or lsm program. 0 or a negative errno. */
static int set_target(struct bpf_program *program, struct args *target)
{
	const char *function = args_string_or_null(target, "function");
	const char *name = args_string_or_null(target, "program");
	struct bpf_program *aim;
	struct handle *handle;

	if (!args_valid(target))
		return 0;
	if (!args_has(target, "object"))
		return function ? bpf_program__set_attach_target(program, 0, function) : -EINVAL;
	handle = handle_find(args_uint(target, "object", UINT32_MAX), HANDLE_FD);
	if (handle)
		return bpf_program__set_attach_target(program, handle->fd, function ? function : name);
	handle = handle_find(args_uint(target, "object", UINT32_MAX), HANDLE_OBJECT);
	if (!handle || !name)
		return handle ? -EINVAL : -EBADF;
	aim = bpf_object__find_program_by_name(handle->object->bpf, name);
	if (!aim || bpf_program__fd(aim) < 0)
		return -ENOENT;
	return bpf_program__set_attach_target(program, bpf_program__fd(aim), function ? function : name);
}

/*
 * Makes it an freplace program, whatever its section says, as libxdp does with the members of a
 * dispatcher.
 */
static int make_extension(struct bpf_program *program)
{
	int error = bpf_program__set_type(program, BPF_PROG_TYPE_EXT);

	return error ? error : bpf_program__set_expected_attach_type(program, 0);
}

static int set_autoload(struct object *object, struct args *settings, struct reply *reply)
{
	const char *name = args_string(settings, "name");
	struct bpf_program *program;
	int error = 0;

	if (!args_valid(settings))
		return -EINVAL;
	program = bpf_object__find_program_by_name(object->bpf, name);
	if (!program)
		error = -ENOENT;
	if (!error && args_has(settings, "autoload"))
		error = bpf_program__set_autoload(program, args_bool_or(settings, "autoload", true));
	if (!error && args_bool_or(settings, "left_out", false))
		struct_ops_leave_out(object, program);
	if (error)
		reply_fail_with_log(reply, error, libbpf_log_text(), "settings of program %s", name);
	return error;
}

static int aim(struct object *object, struct args *settings, struct reply *reply)
{
	const char *name = args_string(settings, "name");
	struct args target = args_map_or_none(settings, "target");
	struct bpf_program *program = bpf_object__find_program_by_name(object->bpf, name);
	int error = 0;

	if (target.map)
		error = set_target(program, &target);
	if (!error && target.map && args_bool_or(&target, "extends", false))
		error = make_extension(program);
	if (error)
		reply_fail_with_log(reply, error, libbpf_log_text(), "settings of program %s", name);
	return error;
}

static void reply_programs(struct reply *reply, const struct bpf_object *object)
{
	struct bpf_program *program;
	uint32_t count = 0;
	size_t array;

	reply_key(reply, "programs");
	array = reply_array_begin(reply);
	bpf_object__for_each_program(program, object) {
		reply_map(reply, 6);
		reply_key_string(reply, "name", bpf_program__name(program));
		reply_key_string(reply, "section", bpf_program__section_name(program));
		reply_key_uint(reply, "type", bpf_program__type(program));
		reply_key_uint(reply, "attach_type", bpf_program__expected_attach_type(program));
		reply_key_uint(reply, "insns", bpf_program__insn_cnt(program));
		reply_key_bool(reply, "autoload", bpf_program__autoload(program));
		count++;
	}
	reply_array_end(reply, array, count);
}

static void reply_maps(struct reply *reply, const struct bpf_object *object)
{
	struct bpf_map *map;
	uint32_t count = 0;
	size_t array;

	reply_key(reply, "maps");
	array = reply_array_begin(reply);
	bpf_object__for_each_map(map, object) {
		reply_map(reply, 6);
		reply_key_string(reply, "name", bpf_map__name(map));
		reply_key_uint(reply, "type", bpf_map__type(map));
		reply_key_uint(reply, "key_size", bpf_map__key_size(map));
		reply_key_uint(reply, "value_size", bpf_map__value_size(map));
		reply_key_uint(reply, "max_entries", bpf_map__max_entries(map));
		reply_key_uint(reply, "flags", bpf_map__map_flags(map));
		count++;
	}
	reply_array_end(reply, array, count);
}

static bool aims_at_programs(struct args *args)
{
	for (uint32_t i = 0; i < args_count_or_none(args, "programs", UINT32_MAX); i++) {
		struct args settings = args_element(args, "programs", i);
		struct args target = args_map_or_none(&settings, "target");

		if (target.map && args_has(&target, "object"))
			return true;
	}
	return false;
}

/* False after a complaint or a failed reply. */
static bool apply_settings(struct object *object, struct args *args, struct reply *reply)
{
	uint32_t maps = args_count_or_none(args, "maps", UINT32_MAX);
	uint32_t programs = args_count_or_none(args, "programs", UINT32_MAX);
	int error;

	for (uint32_t i = 0; i < maps; i++) {
		struct args settings = args_element(args, "maps", i);

		if (set_map(object, &settings, reply))
			return false;
	}
	for (uint32_t i = 0; i < programs; i++) {
		struct args settings = args_element(args, "programs", i);

		if (set_autoload(object, &settings, reply))
			return false;
	}
	/* libbpf looks up the types of a target program with the token that it creates in prepare. */
	error = object->token && aims_at_programs(args) ? bpf_object__prepare(object->bpf) : 0;
	if (error) {
		reply_fail_with_log(reply, error, libbpf_log_text(), "prepare object");
		return false;
	}
	for (uint32_t i = 0; i < programs; i++) {
		struct args settings = args_element(args, "programs", i);

		if (aim(object, &settings, reply))
			return false;
	}
	return args_valid(args);
}

void op_object_open(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");
	LIBBPF_OPTS(bpf_object_open_opts, opts, .bpf_token_path = args_string_or_null(args, "token_path"));
	struct object *object;
	struct handle *handle;
	bool valid;

	if (!args_valid(args))
		return;
	object = memory_zeroed(sizeof(*object));
	libbpf_log_begin();
	object->bpf = bpf_object__open_file(path, &opts);
	if (!object->bpf) {
		reply_fail_with_log(reply, errno, libbpf_log_text(), "open object %s", path);
		free(object);
		return;
	}
	object->token = args_has(args, "maps") || aims_at_programs(args) ? object_token_create(opts.bpf_token_path) : 0;
	valid = apply_settings(object, args, reply);
	if (object->token)
		close(object->token);
	if (!valid) {
		object_free(object);
		return;
	}
	inner_map_note_all(object);
	handle = handle_new(HANDLE_OBJECT);
	handle->object = object;
	reply_map(reply, 4);
	reply_key_uint(reply, "object", handle->id);
	reply_programs(reply, object->bpf);
	reply_maps(reply, object->bpf);
	reply_key_string(reply, "log", libbpf_log_text());
}

/*
 * Loading pins maps that ask for it (LIBBPF_PIN_BY_NAME); a pin that outlives its object would be
 * left over.
 */
static void unpin_maps(struct bpf_object *bpf)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, bpf) {
		if (bpf_map__is_pinned(map))
			bpf_map__unpin(map, NULL);
	}
}

void op_object_close(struct args *args, struct reply *reply)
{
	struct object *object = object_argument(args, "object", reply);

	if (!object)
		return;
	if (object->users > 0) {
		reply_fail(reply, EBUSY, "close object: one of its struct_ops maps is attached");
		return;
	}
	handle_drop(handle_find(args_uint(args, "object", UINT32_MAX), HANDLE_OBJECT));
	unpin_maps(object->bpf);
	object_free(object);
	reply_map(reply, 0);
}
