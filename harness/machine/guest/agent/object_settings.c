// SPDX-License-Identifier: Apache-2.0
#include "object_settings.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "handle_fd.h"
#include "inner_map.h"
#include "libbpf_log.h"
#include "memory.h"
#include "object_token.h"
#include "prog_load.h"
#include "struct_ops.h"

/* An address of an arena in the agent is the largest. */
#define MAX_MAP_EXTRA (1ull << 47)

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

static int set_map_type(struct bpf_map *map, uint32_t type)
{
	return bpf_map__set_type(map, type);
}

static int set_number(struct bpf_map *map, struct args *settings, const char *key,
		      int (*set)(struct bpf_map *map, uint32_t value))
{
	return args_has(settings, key) ? set(map, args_uint(settings, key, UINT32_MAX)) : 0;
}

/* Empty: the map is not pinned, whatever the object says. */
static int set_pin(struct bpf_map *map, const char *path)
{
	return bpf_map__set_pin_path(map, path && path[0] ? path : NULL);
}

/* 0 or a negative errno. */
static int set_shape(struct bpf_map *map, struct args *settings)
{
	int error = set_number(map, settings, "type", set_map_type);

	if (!error)
		error = set_number(map, settings, "key_size", bpf_map__set_key_size);
	if (!error)
		error = set_number(map, settings, "value_size", bpf_map__set_value_size);
	if (!error)
		error = set_number(map, settings, "max_entries", bpf_map__set_max_entries);
	if (!error)
		error = set_number(map, settings, "flags", bpf_map__set_map_flags);
	if (!error)
		error = set_number(map, settings, "numa_node", bpf_map__set_numa_node);
	if (!error && args_has(settings, "map_extra"))
		error = bpf_map__set_map_extra(map, args_uint(settings, "map_extra", MAX_MAP_EXTRA));
	if (!error && args_has(settings, "autocreate"))
		error = bpf_map__set_autocreate(map, args_bool_or(settings, "autocreate", true));
	if (!error && args_has(settings, "pin"))
		error = set_pin(map, args_string_or_null(settings, "pin"));
	return error;
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
	if (!error)
		error = set_shape(map, settings);
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

/* For a section whose name libbpf does not know or takes for another. 0 or a negative errno. */
static int set_type(struct bpf_program *program, struct args *settings)
{
	uint32_t attach_type = args_uint_or(settings, "attach_type", UINT32_MAX, 0);
	uint32_t flags = args_uint_or(settings, "flags", UINT32_MAX, 0);
	int error = 0;

	if (args_has(settings, "type"))
		error = bpf_program__set_type(program, args_uint(settings, "type", UINT32_MAX));
	if (!error && args_has(settings, "attach_type"))
		error = bpf_program__set_expected_attach_type(program, attach_type);
	if (!error && flags)
		error = bpf_program__set_flags(program, bpf_program__flags(program) | flags);
	if (!error && args_has(settings, "log_level"))
		error = prog_load_set_log_level(program, args_uint(settings, "log_level", 7));
	return error;
}

static int set_program(struct object *object, struct args *settings, struct reply *reply)
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
	if (!error)
		error = set_type(program, settings);
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

bool object_settings_aim(struct args *args)
{
	for (uint32_t i = 0; i < args_count_or_none(args, "programs", UINT32_MAX); i++) {
		struct args settings = args_element(args, "programs", i);
		struct args target = args_map_or_none(&settings, "target");

		if (target.map && args_has(&target, "object"))
			return true;
	}
	return false;
}

bool object_settings_apply(struct object *object, struct args *args, struct reply *reply)
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

		if (set_program(object, &settings, reply))
			return false;
	}
	/* libbpf looks up the types of a target program with the token that it creates in prepare. */
	error = object->token && object_settings_aim(args) ? bpf_object__prepare(object->bpf) : 0;
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
