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
		error = bpf_map_lookup_batch(map->fd, from, cursors[turn], content_key(content, map, content->count),
					     content_value(content, map, content->count), &count, NULL);
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
		error = bpf_map_lookup_elem(map->fd, &index, content_value(content, map, content->count));
		if (error == -ENOENT)
			continue;
		if (error)
			return error;
		memcpy(content_key(content, map, content->count++), &index, sizeof(index));
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
		error = bpf_map_lookup_elem(map->fd, next, content_value(content, map, content->count));
		if (error == 0)
			memcpy(content_key(content, map, content->count++), next, map->key_size);
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
		error = bpf_map_lookup_and_delete_elem(map->fd, NULL, content_value(content, map, content->count));
		if (error)
			return error == -ENOENT ? 0 : error;
		content->count++;
	}
}

int content_push(const struct content *content, const struct map *map)
{
	for (uint32_t i = 0; i < content->count; i++) {
		uint32_t index = map->kind == KIND_STACK ? content->count - 1 - i : i;
		int error = bpf_map_update_elem(map->fd, NULL, content_value(content, map, index), BPF_ANY);

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
		reply_key_bytes(reply, "key", content_key(content, map, i), map->key_size);
		reply_key_bytes(reply, "value", content_value(content, map, i), map_value_bytes(map));
	}
}

void content_reply_packed(struct reply *reply, const struct content *content, const struct map *map)
{
	reply_key(reply, "packed");
	reply_map(reply, 2);
	reply_key_bytes(reply, "keys", content->keys, content->count * map->key_size);
	reply_key_bytes(reply, "values", content->values, content->count * map_value_bytes(map));
}

void content_add(struct content *content, const struct map *map, const void *key, const void *value)
{
	grow(content, map);
	if (map->key_size > 0)
		memcpy(content_key(content, map, content->count), key, map->key_size);
	memcpy(content_value(content, map, content->count++), value, map_value_bytes(map));
}

void content_free(struct content *content)
{
	free(content->keys);
	free(content->values);
	*content = (struct content){ 0 };
}
