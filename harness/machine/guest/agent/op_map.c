// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>

#include "content.h"
#include "map_entry.h"
#include "nested.h"
#include "operation.h"

#define MAX_ENTRIES 65536
#define MAX_BYTES (32u << 20)

/* What the arguments `object` and `map` name; false after failing the reply. */
static bool map_arguments(struct args *args, struct object **object, const struct bpf_map **of, struct map *map,
			  struct reply *reply)
{
	int error;

	*object = object_argument(args, "object", reply);
	*of = *object ? object_map_argument(args, *object, reply) : NULL;
	if (!*of)
		return false;
	error = map_describe(map, bpf_map__fd(*of));
	if (error)
		reply_fail(reply, error, "map %s", bpf_map__name(*of));
	return !error;
}

static void reply_entries(struct reply *reply, const struct content *content, const struct map *map)
{
	uint32_t value_bytes = map_value_bytes(map);

	reply_key(reply, "entries");
	reply_array(reply, content->count);
	for (uint32_t i = 0; i < content->count; i++) {
		reply_map(reply, 2);
		reply_key_bytes(reply, "key", content->keys + (size_t)i * map->key_size, map->key_size);
		reply_key_bytes(reply, "value", content->values + (size_t)i * value_bytes, value_bytes);
	}
}

void op_map_dump(struct args *args, struct reply *reply)
{
	struct content content = { 0 };
	const struct bpf_map *of;
	struct object *object;
	struct map map;
	bool nested = args_bool_or(args, "nested", false);
	uint32_t most;
	int error;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	most = content_fitting(&map, MAX_BYTES);
	if (most > MAX_ENTRIES)
		most = MAX_ENTRIES;
	error = nested && is_map_of_maps(&map) ? nested_read(&content, &map, most) :
						 content_read(&content, &map, most);
	if (error) {
		reply_fail(reply, error, "read map %s", bpf_map__name(of));
	} else {
		reply_map(reply, 6);
		reply_key_uint(reply, "type", map.type);
		reply_key_uint(reply, "key_size", map.key_size);
		reply_key_uint(reply, "value_size", map.value_size);
		reply_key_uint(reply, "cpus", map.cpus);
		reply_entries(reply, &content, &map);
		reply_key_bool(reply, "truncated", content.truncated);
	}
	content_free(&content);
}

void op_map_write(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "entries", UINT32_MAX);
	const struct bpf_map *of;
	struct object *object;
	struct map map;
	uint8_t *room;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	room = map_entry_room(&map);
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct args entry = args_element(args, "entries", i);

		reply_uint(reply, -map_entry_write(&entry, object, of, &map, room));
	}
	free(room);
}

void op_map_delete(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "keys", UINT32_MAX);
	const struct bpf_map *of;
	struct object *object;
	struct map map;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes key = args_bytes_at(args, "keys", i, UINT32_MAX);

		reply_uint(reply, key.length == map.key_size ? -bpf_map_delete_elem(map.fd, key.data) : EINVAL);
	}
}
