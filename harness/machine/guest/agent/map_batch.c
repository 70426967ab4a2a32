// SPDX-License-Identifier: Apache-2.0
#include "map_batch.h"

#include <bpf/bpf.h>

struct work {
	const struct map *map;
	const uint8_t *keys;
	/* NULL when entries are deleted. */
	const uint8_t *values;
};

static const void *key_at(const struct work *work, uint32_t index)
{
	bool keyless = work->map->kind == KIND_QUEUE || work->map->kind == KIND_STACK || work->map->key_size == 0;

	return keyless ? NULL : work->keys + (size_t)index * work->map->key_size;
}

static const void *value_at(const struct work *work, uint32_t index)
{
	return work->values + (size_t)index * map_value_bytes(work->map);
}

/* The number of entries done; fewer than `count` where the kernel stopped, or has no batches. */
static uint32_t do_batch(const struct work *work, uint32_t from, uint32_t count)
{
	uint32_t done = count;
	int error;

	if (!key_at(work, from) || work->map->holds_fds)
		return 0;
	if (work->values)
		error = bpf_map_update_batch(work->map->fd, key_at(work, from), value_at(work, from), &done, NULL);
	else
		error = bpf_map_delete_batch(work->map->fd, key_at(work, from), &done, NULL);
	/* A kernel that refuses the call as such leaves the number as it was. */
	return error && done >= count ? 0 : done;
}

static int do_one(const struct work *work, uint32_t index)
{
	if (work->values)
		return map_put(work->map, key_at(work, index), value_at(work, index), BPF_ANY);
	return bpf_map_delete_elem(work->map->fd, key_at(work, index));
}

/*
 * The entry at which a batch stops is done by itself, which tells its errno. The number of entries
 * done from `from` on.
 */
static uint32_t do_until_refused(const struct work *work, uint32_t from, uint32_t count, bool *batches, int *error)
{
	uint32_t at = from;

	*error = 0;
	while (at < count) {
		uint32_t done = *batches ? do_batch(work, at, count - at) : 0;

		at += done;
		if (at == count)
			break;
		/* Most likely the kernel has no batches for this map: at worst the rest takes longer. */
		*batches = done > 0;
		*error = do_one(work, at);
		if (*error)
			break;
		at++;
	}
	return at - from;
}

uint32_t map_put_all(const struct map *map, const void *keys, const void *values, uint32_t count, int *error)
{
	bool batches = true;

	return do_until_refused(&(struct work){ .map = map, .keys = keys, .values = values }, 0, count, &batches, error);
}

void map_delete_all(const struct map *map, const void *keys, uint32_t count)
{
	struct work work = { .map = map, .keys = keys };
	bool batches = true;
	int error;

	for (uint32_t at = 0; at < count; at++)
		at += do_until_refused(&work, at, count, &batches, &error);
}
