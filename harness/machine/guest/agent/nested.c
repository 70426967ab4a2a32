// SPDX-License-Identifier: Apache-2.0
#include <linux/bpf.h>

#include "nested.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#define MAX_ENTRIES 65536
#define MAX_BYTES (32u << 20)

static void append(struct content *all, const struct map *shape, const uint8_t *outer_key, uint32_t outer_size,
		   const struct content *inner)
{
	uint32_t inner_size = shape->key_size - outer_size, value_bytes = map_value_bytes(shape);
	uint32_t count = all->count + inner->count;

	all->keys = memory_resized(all->keys, (size_t)count * shape->key_size);
	all->values = memory_resized(all->values, (size_t)count * value_bytes);
	for (uint32_t i = 0; i < inner->count; i++) {
		uint8_t *key = all->keys + (size_t)(all->count + i) * shape->key_size;

		memcpy(key, outer_key, outer_size);
		memcpy(key + outer_size, inner->keys + (size_t)i * inner_size, inner_size);
	}
	if (inner->count > 0)
		memcpy(all->values + (size_t)all->count * value_bytes, inner->values,
		       (size_t)inner->count * value_bytes);
	all->count = all->room = count;
	all->truncated = all->truncated || inner->truncated;
}

int nested_read(struct content *content, struct map *map, uint32_t most)
{
	const struct map outer = *map;
	struct content slots = { 0 };
	int error = content_read(&slots, map, most);

	content->count = 0;
	content->truncated = slots.truncated;
	for (uint32_t i = 0; i < slots.count && !error; i++) {
		int fd = bpf_map_get_fd_by_id(((const uint32_t *)slots.values)[i]);
		struct content part = { 0 };
		struct map inner;

		/* Removed since the slots were read. */
		if (fd == -ENOENT)
			continue;
		error = fd < 0 ? fd : map_describe(&inner, fd);
		if (!error)
			error = content_read(&part, &inner, most - content->count);
		if (!error) {
			map->key_size = outer.key_size + inner.key_size;
			map->value_size = inner.value_size;
			map->cpus = inner.cpus;
			append(content, map, slots.keys + (size_t)i * outer.key_size, outer.key_size, &part);
		}
		content_free(&part);
		if (fd >= 0)
			close(fd);
	}
	content_free(&slots);
	return error;
}

int nested_read_all(struct content *content, struct map *map, bool nested, bool packed)
{
	uint32_t most = content_fitting(map, MAX_BYTES);

	if (!packed && most > MAX_ENTRIES)
		most = MAX_ENTRIES;
	return nested && is_map_of_maps(map) ? nested_read(content, map, most) : content_read(content, map, most);
}
