// SPDX-License-Identifier: Apache-2.0
#include "map_entry.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handle.h"
#include "inner_map.h"
#include "map_batch.h"
#include "memory.h"

/* Writes one entry. `all` has room for the values of all CPUs. 0 or a negative errno. */
static int write_entry(const struct map *map, const struct bytes *key, const struct bytes *value, uint64_t flags,
		       uint8_t *all)
{
	bool keyless = map->kind == KIND_QUEUE || map->kind == KIND_STACK || map->key_size == 0;

	if (key->length != (keyless ? 0 : map->key_size))
		return -EINVAL;
	if (value->length == map_value_bytes(map))
		return map_put(map, keyless ? NULL : key->data, value->data, flags);
	/* One value is written for every CPU. */
	if (value->length != map->declared_value_size)
		return -EINVAL;
	memset(all, 0, map_value_bytes(map));
	for (uint32_t cpu = 0; cpu < map->cpus; cpu++)
		memcpy(all + (size_t)cpu * map->value_size, value->data, value->length);
	return map_put(map, keyless ? NULL : key->data, all, flags);
}

static int write_simple(struct args *entry, const struct map *map, uint8_t *all)
{
	struct bytes key = args_bytes_or_none(entry, "key", UINT32_MAX);
	struct bytes value = args_bytes(entry, "value", UINT32_MAX);
	uint64_t flags = args_uint_or(entry, "flags", UINT32_MAX, BPF_ANY);

	return args_valid(entry) ? write_entry(map, &key, &value, flags, all) : -EINVAL;
}

/*
 * Entries without a header each: `count` keys and values, one after the other. False after a
 * complaint.
 */
struct packed {
	struct bytes keys;
	struct bytes values;
	uint32_t count;
};

static bool packed_of(struct args *args, const struct map *map, struct packed *packed)
{
	bool keyless = map->kind == KIND_QUEUE || map->kind == KIND_STACK;
	struct args given = args_map_or_none(args, "packed");
	uint32_t key_size = keyless ? 0 : map->key_size, value_bytes = map_value_bytes(map);

	*packed = (struct packed){ 0 };
	if (!given.map)
		return args_valid(args);
	packed->keys = args_bytes(&given, "keys", UINT32_MAX);
	packed->values = args_bytes(&given, "values", UINT32_MAX);
	packed->count = value_bytes ? packed->values.length / value_bytes : 0;
	if (packed->values.length != (uint64_t)packed->count * value_bytes ||
	    packed->keys.length != (uint64_t)packed->count * key_size)
		args_complain(&given, "packed", "is not entries of %u and %u bytes", key_size, value_bytes);
	return args_valid(args);
}

/* Fills a new inner map with the elements of `inner` and `packed`. 0 or a negative errno. */
static int fill(int fd, struct args *entry)
{
	uint32_t count = args_count_or_none(entry, "inner", UINT32_MAX);
	struct packed packed;
	struct map map;
	uint8_t *all;
	int error = map_describe(&map, fd);

	if (error)
		return error;
	if (!packed_of(entry, &map, &packed))
		return -EINVAL;
	map_put_all(&map, packed.keys.data, packed.values.data, packed.count, &error);
	all = memory_zeroed(map_value_bytes(&map));
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
	struct bytes key = args_bytes(entry, "key", UINT32_MAX);
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

/* The value has 4 bytes, or 8 where a socket is read as its cookie. */
static int write_fd(struct args *entry, const struct map *map, int fd)
{
	struct bytes key = args_bytes(entry, "key", UINT32_MAX);
	uint64_t flags = args_uint_or(entry, "flags", UINT32_MAX, BPF_ANY);
	uint64_t value = fd;

	if (!args_valid(entry) || key.length != map->key_size || map->value_size > sizeof(value))
		return -EINVAL;
	if (fd < 0)
		return -EBADF;
	return bpf_map_update_elem(map->fd, key.data, &value, flags);
}

static int program_fd(struct args *entry, const struct object *object)
{
	const struct bpf_program *program =
		bpf_object__find_program_by_name(object->bpf, args_string(entry, "program"));

	return program ? bpf_program__fd(program) : -1;
}

static int socket_fd(struct args *entry)
{
	const struct handle *handle = handle_find(args_uint(entry, "socket", UINT32_MAX), HANDLE_FD);

	return handle ? handle->fd : -1;
}

/* 0 or a negative errno; the entry may also have got a complaint. */
static int write_one(struct args *entry, const struct object *object, const struct bpf_map *of, const struct map *map,
		     uint8_t *all)
{
	if (args_has(entry, "inner") || args_has(entry, "packed"))
		return write_inner(entry, object, of, map);
	if (args_has(entry, "program"))
		return write_fd(entry, map, program_fd(entry, object));
	if (args_has(entry, "socket"))
		return write_fd(entry, map, socket_fd(entry));
	return write_simple(entry, map, all);
}

struct bpf_map *map_argument(struct args *args, const struct object *object, struct map *map, struct reply *reply)
{
	struct bpf_map *of = object_map_argument(args, object, reply);
	int error = of ? map_describe(map, bpf_map__fd(of)) : 0;

	if (error)
		reply_fail(reply, error, "map %s", bpf_map__name(of));
	return error ? NULL : of;
}

bool map_entries_write(struct args *args, const struct object *object, struct reply *reply)
{
	uint32_t count = args_count_or_none(args, "entries", UINT32_MAX);
	struct map map;
	const struct bpf_map *of = map_argument(args, object, &map, reply);
	struct packed packed;
	uint32_t done;
	bool written;
	uint8_t *all;
	int error;

	if (!of || !packed_of(args, &map, &packed) || !args_valid(args))
		return false;
	done = map_put_all(&map, packed.keys.data, packed.values.data, packed.count, &error);
	written = error == 0;
	/* Packed entries that are all written have no errnos. */
	reply_array(reply, (written ? 0 : done + 1) + count);
	for (uint32_t i = 0; !written && i <= done; i++)
		reply_uint(reply, i < done ? 0 : -error);
	all = memory_zeroed(map_value_bytes(&map));
	for (uint32_t i = 0; i < count; i++) {
		struct args entry = args_element(args, "entries", i);

		error = write_one(&entry, object, of, &map, all);
		reply_uint(reply, -error);
		written = written && !error;
	}
	free(all);
	return written;
}
