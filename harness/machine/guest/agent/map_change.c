// SPDX-License-Identifier: Apache-2.0
#include "map_change.h"

#include <stdlib.h>

#include "kept_map.h"
#include "memory.h"
#include "nested.h"
#include "snapshot.h"

struct change {
	const struct map *map;
	struct content entries;
	/* Keys only. */
	struct content gone;
	struct map key_only;
};

static void add_change(void *context, const void *key, const void *value)
{
	struct change *change = context;

	if (value)
		content_add(&change->entries, change->map, key, value);
	else
		content_add(&change->gone, &change->key_only, key, NULL);
}

/* Packs a MapChange of ../operations/. */
static void reply_change(struct reply *reply, uint32_t index, const struct content *entries, const struct map *map,
			 const struct content *gone, bool whole)
{
	reply_map(reply, 7);
	reply_key_uint(reply, "map", index);
	reply_key_uint(reply, "count", entries->count);
	reply_key_bytes(reply, "keys", entries->keys, entries->count * map->key_size);
	reply_key_bytes(reply, "values", entries->values, entries->count * map_value_bytes(map));
	reply_key_bytes(reply, "gone", gone->keys, gone->count * map->key_size);
	reply_key_bool(reply, "whole", whole);
	reply_key_bool(reply, "truncated", entries->truncated);
}

/* All entries of a map that has no snapshot, or cannot be compared, as maps of maps. */
static void reply_whole(struct reply *reply, const struct bpf_map *of, uint32_t index)
{
	struct content content = { 0 }, none = { 0 };
	struct map map;
	int error = map_describe(&map, bpf_map__fd(of));

	error = error ? error : nested_read_all(&content, &map, true, true);
	if (error)
		reply_fail(reply, -error, "read map %s", bpf_map__name(of));
	else
		reply_change(reply, index, &content, &map, &none, true);
	content_free(&content);
}

bool map_change_reply(const struct object *object, const struct bpf_map *of, uint32_t index, bool begins,
		      struct reply *reply)
{
	struct kept_map *kept = snapshot_find(object, of);
	const struct map *map = kept ? kept_map_shape(kept) : NULL;
	struct change change = { .map = map };
	bool changed = true;

	if (!map || is_map_of_maps(map)) {
		reply_whole(reply, of, index);
		return true;
	}
	change.key_only = (struct map){ .key_size = map->key_size };
	if (kept_map_changes(kept, add_change, &change) != 0) {
		reply_whole(reply, of, index);
	} else {
		changed = change.entries.count + change.gone.count > 0;
		if (changed)
			reply_change(reply, index, &change.entries, map, &change.gone, false);
		if (changed && begins)
			kept_map_begin(kept);
	}
	content_free(&change.entries);
	content_free(&change.gone);
	return changed;
}
