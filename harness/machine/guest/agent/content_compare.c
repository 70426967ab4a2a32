// SPDX-License-Identifier: Apache-2.0
#include "content_compare.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "memory.h"

/* Finds entries of a content by key: open addressing, at most half full. */
struct table {
	const struct content *content;
	const struct map *map;
	/* The index of an entry plus 1, or 0. */
	uint32_t *slots;
	uint32_t mask;
	uint64_t seed;
};

/*
 * FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/) from a random number on: no program can choose
 * keys that all meet in one slot.
 */
static uint32_t hash_of(const struct table *table, const uint8_t *key)
{
	uint64_t hash = table->seed;

	for (uint32_t i = 0; i < table->map->key_size; i++)
		hash = (hash ^ key[i]) * 0x100000001b3u;
	return hash ^ hash >> 32;
}

/* The slot of the key, or the empty one in which it belongs. */
static uint32_t *slot_of(const struct table *table, const uint8_t *key)
{
	uint32_t size = table->map->key_size, at = hash_of(table, key) & table->mask;

	while (table->slots[at] && memcmp(content_key(table->content, table->map, table->slots[at] - 1), key, size) != 0)
		at = (at + 1) & table->mask;
	return &table->slots[at];
}

static struct table table_of(const struct content *content, const struct map *map)
{
	struct table table = { .content = content, .map = map, .mask = 1 };

	if (getrandom(&table.seed, sizeof(table.seed), GRND_NONBLOCK) < 0)
		table.seed = (uintptr_t)content->keys;
	while (table.mask / 2 < content->count)
		table.mask = table.mask * 2 + 1;
	table.slots = memory_zeroed(((size_t)table.mask + 1) * sizeof(*table.slots));
	for (uint32_t i = 0; i < content->count; i++)
		*slot_of(&table, content_key(content, map, i)) = i + 1;
	return table;
}

static bool same_value(const struct content *a, uint32_t of_a, const struct content *b, uint32_t of_b,
		       const struct map *map)
{
	return memcmp(content_value(a, map, of_a), content_value(b, map, of_b), map_value_bytes(map)) == 0;
}

static bool same_keys_in_order(const struct content *a, const struct content *b, const struct map *map)
{
	return a->count == b->count && memcmp(a->keys, b->keys, (size_t)a->count * map->key_size) == 0;
}

bool content_equal(const struct content *a, const struct content *b, const struct map *map)
{
	struct table table;
	bool equal = true;

	if (a->count != b->count || a->truncated || b->truncated)
		return false;
	if (a->count == 0)
		return true;
	if (same_keys_in_order(a, b, map))
		return memcmp(a->values, b->values, (size_t)a->count * map_value_bytes(map)) == 0;
	table = table_of(a, map);
	for (uint32_t i = 0; equal && i < b->count; i++) {
		uint32_t found = *slot_of(&table, content_key(b, map, i));

		equal = found && same_value(a, found - 1, b, i, map);
	}
	free(table.slots);
	return equal;
}

static void changes_in_any_order(const struct content *before, const struct content *now, const struct map *map,
				 content_change_fn *change, void *context)
{
	struct table table = table_of(before, map);
	bool *stayed = memory_zeroed(before->count);

	for (uint32_t i = 0; i < now->count; i++) {
		uint32_t found = *slot_of(&table, content_key(now, map, i));

		if (found)
			stayed[found - 1] = true;
		if (!found || !same_value(before, found - 1, now, i, map))
			change(context, content_key(now, map, i), content_value(now, map, i));
	}
	for (uint32_t i = 0; i < before->count; i++) {
		if (!stayed[i])
			change(context, content_key(before, map, i), NULL);
	}
	free(stayed);
	free(table.slots);
}

void content_changes(const struct content *before, const struct content *now, const struct map *map,
		     content_change_fn *change, void *context)
{
	if (before->count == 0 && now->count == 0)
		return;
	if (!same_keys_in_order(before, now, map)) {
		changes_in_any_order(before, now, map, change, context);
		return;
	}
	for (uint32_t i = 0; i < now->count; i++) {
		if (!same_value(before, i, now, i, map))
			change(context, content_key(now, map, i), content_value(now, map, i));
	}
}
