// SPDX-License-Identifier: Apache-2.0
#include "map_change.h"

#include <stdlib.h>

#include "kept_map.h"
#include "memory.h"
#include "nested.h"
#include "snapshot.h"

struct change {
	struct reply *reply;
	const struct map *map;
	uint32_t entries;
	uint32_t gone;
	/* Keys that are gone, packed after the entries; they point into the snapshot. */
	const void **keys;
	uint32_t room;
};

static void add_change(void *context, const void *key, const void *value)
{
	struct change *change = context;

	if (value) {
		change->entries++;
		reply_map(change->reply, 2);
		reply_key_bytes(change->reply, "key", key, change->map->key_size);
		reply_key_bytes(change->reply, "value", value, map_value_bytes(change->map));
		return;
	}
	if (change->gone == change->room) {
		change->room = change->room ? change->room * 2 : 16;
		change->keys = memory_resized(change->keys, change->room * sizeof(*change->keys));
	}
	change->keys[change->gone++] = key;
}

/* All entries of a map that has no snapshot, or cannot be compared, as maps of maps. */
static void reply_whole(struct reply *reply, const struct bpf_map *of)
{
	struct content content = { 0 };
	struct map map;
	int error = map_describe(&map, bpf_map__fd(of));

	error = error ? error : nested_read_all(&content, &map, true);
	if (error) {
		reply_fail(reply, -error, "read map %s", bpf_map__name(of));
		return;
	}
	content_reply_entries(reply, &content, &map);
	reply_key(reply, "gone");
	reply_array(reply, 0);
	reply_key_bool(reply, "whole", true);
	reply_key_bool(reply, "truncated", content.truncated);
	content_free(&content);
}

bool map_change_reply(const struct object *object, const struct bpf_map *of, uint32_t index, struct reply *reply)
{
	struct kept_map *kept = snapshot_find(object, of);
	struct change change = { .reply = reply, .map = kept ? kept_map_shape(kept) : NULL };
	size_t start = reply->buffer.size, array;
	bool compared, equal;

	reply_map(reply, 5);
	reply_key_uint(reply, "map", index);
	reply_key(reply, "entries");
	array = reply_array_begin(reply);
	compared = kept && !is_map_of_maps(change.map) && kept_map_changes(kept, add_change, &change) == 0;
	equal = compared && change.entries + change.gone == 0;
	if (!compared || equal) {
		reply->buffer.size = start;
	} else {
		reply_array_end(reply, array, change.entries);
		reply_key(reply, "gone");
		reply_array(reply, change.gone);
		for (uint32_t i = 0; i < change.gone; i++)
			reply_bytes(reply, change.keys[i], change.map->key_size);
		reply_key_bool(reply, "whole", false);
		reply_key_bool(reply, "truncated", false);
	}
	free(change.keys);
	if (!compared) {
		reply_map(reply, 5);
		reply_key_uint(reply, "map", index);
		reply_whole(reply, of);
	}
	return !equal;
}
