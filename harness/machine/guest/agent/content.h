// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_CONTENT_H
#define BPFGATE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "map.h"
#include "reply.h"

/*
 * The entries of one map: `count` keys and `count` values, each contiguous. Queues and stacks have
 * no keys; their values are in the order of popping. Zeroed it is empty; its memory is reused by
 * the next read of the same map.
 */
struct content {
	uint8_t *keys;
	uint8_t *values;
	uint32_t count;
	uint32_t room;
	/* The map has more entries. */
	bool truncated;
};

/* Reads at most `most` entries. 0 or a negative errno. */
int content_read(struct content *content, struct map *map, uint32_t most);
/* Pops all values of a queue or stack. */
int content_pop(struct content *content, const struct map *map);
/* Pushes popped values back, so that they would be popped in the same order. */
int content_push(const struct content *content, const struct map *map);
/* Packs `entries`, an array of MapEntry of ../operations/. */
void content_reply_entries(struct reply *reply, const struct content *content, const struct map *map);
/* Packs `packed`, a PackedEntries of ../operations/. */
void content_reply_packed(struct reply *reply, const struct content *content, const struct map *map);
/* Appends an entry; the key may be NULL where keys have no bytes. */
void content_add(struct content *content, const struct map *map, const void *key, const void *value);
void content_free(struct content *content);

static inline uint8_t *content_key(const struct content *content, const struct map *map, uint32_t index)
{
	return content->keys + (size_t)index * map->key_size;
}

static inline uint8_t *content_value(const struct content *content, const struct map *map, uint32_t index)
{
	return content->values + (size_t)index * map_value_bytes(map);
}

/* The number of entries of the map that fit into `bytes` bytes. */
uint32_t content_fitting(const struct map *map, uint64_t bytes);

#endif
