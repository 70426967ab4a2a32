// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "inner_map.h"
#include "libbpf_log.h"
#include "memory.h"
#include "object.h"
#include "object_settings.h"
#include "object_token.h"
#include "operation.h"
#include "pins.h"
#include "snapshot.h"
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
	object->token = args_has(args, "maps") || object_settings_aim(args) ? object_token_create(opts.bpf_token_path) : 0;
	valid = object_settings_apply(object, args, reply);
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
	pins_remove(object);
	object_free(object);
	reply_map(reply, 0);
}
