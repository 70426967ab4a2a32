// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "content.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* Additional entries to ask for in one batch. */
#define BATCH 64
#define MAX_KEY 512

static void reserve(struct content *content, const struct map *map, uint32_t count)
{
	if (count <= content->room)
		return;
	content->room = count;
	content->keys = memory_resized(content->keys, (size_t)count * map->key_size);
	content->values = memory_resized(content->values, (size_t)count * map_value_bytes(map));
}

static void grow(struct content *content, const struct map *map)
{
	if (content->count == content->room)
		reserve(content, map, content->room ? content->room * 2 : BATCH);
}

static uint8_t *key_at(const struct content *content, const struct map *map, uint32_t index)
{
	return content->keys + (size_t)index * map->key_size;
}

static uint8_t *value_at(const struct content *content, const struct map *map, uint32_t index)
{
	return content->values + (size_t)index * map_value_bytes(map);
}

uint32_t content_fitting(const struct map *map, uint64_t bytes)
{
	return bytes / (map->key_size + (uint64_t)map_value_bytes(map) + 1);
}

/* -EOPNOTSUPP if the kernel does not support batches for this map. */
static int read_batches(struct content *content, struct map *map, uint32_t most)
{
	/* A key, or a bucket number. */
	uint8_t cursors[2][MAX_KEY] __attribute__((aligned(8)));
	uint32_t step = BATCH;
	void *from = NULL;

	if (map->key_size > MAX_KEY)
		return -EOPNOTSUPP;
	/* One more than the map can have, so that the first call reports the end. */
	if (map->kind == KIND_INDEXED)
		step = (map->max_entries < most ? map->max_entries : most) + 1;
	for (int turn = 0;; turn ^= 1) {
		uint32_t count;
		int error;

		if (content->room - content->count < step)
			reserve(content, map, content->count + step);
		count = content->room - content->count;
		error = bpf_map_lookup_batch(map->fd, from, cursors[turn], key_at(content, map, content->count),
					     value_at(content, map, content->count), &count, NULL);
		/* A bucket has more entries than the buffer. */
		if (error == -ENOSPC && step <= map->max_entries) {
			step *= 2;
			turn ^= 1;
			continue;
		}
		if (error && error != -ENOENT)
			return -EOPNOTSUPP;
		content->count += count;
		if (error || content->count > most)
			return 0;
		from = cursors[turn];
	}
}

static int read_indexed(struct content *content, const struct map *map, uint32_t most)
{
	for (uint32_t index = 0; index < map->max_entries && content->count <= most; index++) {
		int error;

		grow(content, map);
		error = bpf_map_lookup_elem(map->fd, &index, value_at(content, map, content->count));
		if (error == -ENOENT)
			continue;
		if (error)
			return error;
		memcpy(key_at(content, map, content->count++), &index, sizeof(index));
	}
	return 0;
}

/*
 * Entries may come and go meanwhile: a removed key is left out, and the walk takes at most twice
 * the map's size.
 */
static int read_keyed(struct content *content, const struct map *map, uint32_t most)
{
	uint8_t *key = NULL, *next = memory_zeroed(2 * (size_t)map->key_size);
	uint8_t *keys = next;
	uint64_t steps = 0;
	int error = 0;

	while (content->count <= most && steps++ < 2 * (uint64_t)map->max_entries + 1) {
		error = bpf_map_get_next_key(map->fd, key, next);
		if (error)
			break;
		grow(content, map);
		error = bpf_map_lookup_elem(map->fd, next, value_at(content, map, content->count));
		if (error == 0)
			memcpy(key_at(content, map, content->count++), next, map->key_size);
		else if (error != -ENOENT)
			break;
		error = 0;
		key = next;
		next = key == keys ? keys + map->key_size : keys;
	}
	free(keys);
	return error == -ENOENT ? 0 : error;
}

int content_pop(struct content *content, const struct map *map)
{
	content->count = 0;
	for (;;) {
		int error;

		grow(content, map);
		error = bpf_map_lookup_and_delete_elem(map->fd, NULL, value_at(content, map, content->count));
		if (error)
			return error == -ENOENT ? 0 : error;
		content->count++;
	}
}

int content_push(const struct content *content, const struct map *map)
{
	for (uint32_t i = 0; i < content->count; i++) {
		uint32_t index = map->kind == KIND_STACK ? content->count - 1 - i : i;
		int error = bpf_map_update_elem(map->fd, NULL, value_at(content, map, index), BPF_ANY);

		if (error)
			return error;
	}
	return 0;
}

static int read_queue(struct content *content, const struct map *map)
{
	int error = content_pop(content, map);

	return error ? error : content_push(content, map);
}

int content_read(struct content *content, struct map *map, uint32_t most)
{
	int error = -EOPNOTSUPP;

	content->count = 0;
	if (map->kind == KIND_QUEUE || map->kind == KIND_STACK) {
		error = read_queue(content, map);
	} else if (map->kind == KIND_INDEXED || map->kind == KIND_KEYED) {
		if (map->batches)
			error = read_batches(content, map, most);
		if (error) {
			map->batches = false;
			content->count = 0;
			error = map->kind == KIND_INDEXED ? read_indexed(content, map, most) :
							   read_keyed(content, map, most);
		}
	}
	content->truncated = content->count > most;
	if (content->truncated)
		content->count = most;
	return error;
}

void content_reply_entries(struct reply *reply, const struct content *content, const struct map *map)
{
	reply_key(reply, "entries");
	reply_array(reply, content->count);
	for (uint32_t i = 0; i < content->count; i++) {
		reply_map(reply, 2);
		reply_key_bytes(reply, "key", key_at(content, map, i), map->key_size);
		reply_key_bytes(reply, "value", value_at(content, map, i), map_value_bytes(map));
	}
}

void content_free(struct content *content)
{
	free(content->keys);
	free(content->values);
	*content = (struct content){ 0 };
}

struct sorting {
	const struct content *content;
	const struct map *map;
};

static int by_key(const void *a, const void *b, void *sorting)
{
	const struct sorting *of = sorting;

	return memcmp(key_at(of->content, of->map, *(const uint32_t *)a),
		      key_at(of->content, of->map, *(const uint32_t *)b), of->map->key_size);
}

/* The indexes of the entries, sorted by key; the caller frees them. */
static uint32_t *order(const struct content *content, const struct map *map)
{
	struct sorting sorting = { content, map };
	uint32_t *numbers = memory_zeroed(content->count * sizeof(*numbers));

	for (uint32_t i = 0; i < content->count; i++)
		numbers[i] = i;
	qsort_r(numbers, content->count, sizeof(*numbers), by_key, &sorting);
	return numbers;
}

static bool equal_when_sorted(const struct content *a, const struct content *b, const struct map *map)
{
	uint32_t *of_a = order(a, map), *of_b = order(b, map);
	bool equal = true;

	for (uint32_t i = 0; equal && i < a->count; i++)
		equal = memcmp(key_at(a, map, of_a[i]), key_at(b, map, of_b[i]), map->key_size) == 0 &&
			memcmp(value_at(a, map, of_a[i]), value_at(b, map, of_b[i]), map_value_bytes(map)) == 0;
	free(of_a);
	free(of_b);
	return equal;
}

bool content_equal(const struct content *a, const struct content *b, const struct map *map)
{
	if (a->count != b->count || a->truncated || b->truncated)
		return false;
	if (a->count == 0)
		return true;
	if (memcmp(a->keys, b->keys, (size_t)a->count * map->key_size) == 0)
		return memcmp(a->values, b->values, (size_t)a->count * map_value_bytes(map)) == 0;
	return equal_when_sorted(a, b, map);
}

static bool same_value(const struct content *a, uint32_t of_a, const struct content *b, uint32_t of_b,
		       const struct map *map)
{
	return memcmp(value_at(a, map, of_a), value_at(b, map, of_b), map_value_bytes(map)) == 0;
}

static void changes_when_sorted(const struct content *before, const struct content *now, const struct map *map,
				content_change_fn *change, void *context)
{
	uint32_t *of_before = order(before, map), *of_now = order(now, map);
	uint32_t i = 0, k = 0;

	while (i < before->count || k < now->count) {
		int side = i == before->count ? 1 :
			   k == now->count    ? -1 :
						memcmp(key_at(before, map, of_before[i]), key_at(now, map, of_now[k]),
						       map->key_size);

		if (side < 0)
			change(context, key_at(before, map, of_before[i]), NULL);
		else if (side > 0 || !same_value(before, of_before[i], now, of_now[k], map))
			change(context, key_at(now, map, of_now[k]), value_at(now, map, of_now[k]));
		i += side <= 0;
		k += side >= 0;
	}
	free(of_before);
	free(of_now);
}

void content_changes(const struct content *before, const struct content *now, const struct map *map,
		     content_change_fn *change, void *context)
{
	if (before->count == 0 && now->count == 0)
		return;
	if (before->count != now->count ||
	    memcmp(before->keys, now->keys, (size_t)now->count * map->key_size) != 0) {
		changes_when_sorted(before, now, map, change, context);
		return;
	}
	for (uint32_t i = 0; i < now->count; i++) {
		if (!same_value(before, i, now, i, map))
			change(context, key_at(now, map, i), value_at(now, map, i));
	}
}
