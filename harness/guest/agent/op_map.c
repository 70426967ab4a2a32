// SPDX-License-Identifier: Apache-2.0
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "content.h"
#include "inner_map.h"
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
	uint32_t most;
	int error;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	most = content_fitting(&map, MAX_BYTES);
	error = content_read(&content, &map, most < MAX_ENTRIES ? most : MAX_ENTRIES);
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

/* Writes one entry. `all` has room for a value of every CPU. 0 or a negative errno. */
static int write_entry(const struct map *map, const struct bytes *key, const struct bytes *value, uint64_t flags,
		       uint8_t *all)
{
	bool keyless = map->kind == KIND_QUEUE || map->kind == KIND_STACK || map->key_size == 0;

	if (key->length != (keyless ? 0 : map->key_size))
		return -EINVAL;
	if (value->length == map_value_bytes(map))
		return map_put(map, keyless ? NULL : key->data, value->data, flags);
	/* One CPU's value is every CPU's. */
	if (value->length != map->declared_value_size)
		return -EINVAL;
	memset(all, 0, map_value_bytes(map));
	for (uint32_t cpu = 0; cpu < map->cpus; cpu++)
		memcpy(all + (size_t)cpu * map->value_size, value->data, value->length);
	return map_put(map, keyless ? NULL : key->data, all, flags);
}

static int write_simple(struct args *entry, const struct map *map, uint8_t *all)
{
	struct bytes key = args_bytes_or_none(entry, "key");
	struct bytes value = args_bytes(entry, "value");
	uint64_t flags = args_uint_or(entry, "flags", UINT32_MAX, BPF_ANY);

	return args_valid(entry) ? write_entry(map, &key, &value, flags, all) : -EINVAL;
}

static uint8_t *room_for_value(const struct map *map)
{
	uint8_t *all = malloc(map_value_bytes(map) + 1);

	if (!all)
		abort();
	return all;
}

/* Fills a new inner map with the elements of `inner`. 0 or the first errno, negative. */
static int fill(int fd, struct args *entry)
{
	uint32_t count = args_count(entry, "inner");
	struct map map;
	uint8_t *all;
	int error = map_describe(&map, fd);

	if (error)
		return error;
	all = room_for_value(&map);
	for (uint32_t i = 0; i < count && !error; i++) {
		struct args element = args_element(entry, "inner", i);

		error = write_simple(&element, &map, all);
	}
	free(all);
	return error;
}

static int write_inner(struct args *entry, const struct object *object, const struct bpf_map *outer,
		       const struct map *map)
{
	struct bytes key = args_bytes(entry, "key");
	uint64_t flags = args_uint_or(entry, "flags", UINT32_MAX, BPF_ANY);
	int fd, error;

	if (!args_valid(entry) || key.length != map->key_size)
		return -EINVAL;
	fd = inner_map_create(object, outer);
	if (fd < 0)
		return fd;
	error = fill(fd, entry);
	if (!error)
		error = bpf_map_update_elem(map->fd, key.data, &fd, flags);
	close(fd);
	return error;
}

void op_map_write(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "entries");
	const struct bpf_map *of;
	struct object *object;
	struct map map;
	uint8_t *all;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	all = room_for_value(&map);
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct args entry = args_element(args, "entries", i);

		reply_uint(reply, -(args_has(&entry, "inner") ? write_inner(&entry, object, of, &map) :
								write_simple(&entry, &map, all)));
	}
	free(all);
}

void op_map_delete(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "keys");
	const struct bpf_map *of;
	struct object *object;
	struct map map;

	if (!map_arguments(args, &object, &of, &map, reply) || !args_valid(args))
		return;
	reply_map(reply, 1);
	reply_key(reply, "errnos");
	reply_array(reply, count);
	for (uint32_t i = 0; i < count; i++) {
		struct bytes key = args_bytes_at(args, "keys", i);

		reply_uint(reply, key.length == map.key_size ? -bpf_map_delete_elem(map.fd, key.data) : EINVAL);
	}
}
