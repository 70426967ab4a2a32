// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SNAPSHOT_H
#define BPFGATE_SNAPSHOT_H

#include "object.h"

/* What a snapshot can do with a map. */
enum snapshot_how {
	/* Restore its entries. */
	SNAPSHOT_RESTORED,
	/* Discard its events. */
	SNAPSHOT_DRAINED,
	/* Nothing: it cannot be compared. */
	SNAPSHOT_UNSUPPORTED,
};

/* Called with the name of each map concerned. */
typedef void snapshot_map_fn(void *context, const char *map, enum snapshot_how how);

/* Stores the content of each map of a loaded object; replaces an earlier snapshot. */
void snapshot_take(struct object *object, snapshot_map_fn *each, void *context);
/*
 * Restores each map, reads it back, and calls `differs` for maps that still differ or are
 * unsupported. True if all are equal.
 */
bool snapshot_restore(struct object *object, snapshot_map_fn *differs, void *context);
/* The names of maps that `snapshot_restore` has found to differ; the caller frees `names`. */
struct snapshot_names {
	const char **names;
	uint32_t count;
};
/* A snapshot_map_fn that adds the name to a `struct snapshot_names`. */
void snapshot_note_name(void *context, const char *map, enum snapshot_how how);
/* Packs the key `differs`. */
void snapshot_reply_differs(struct reply *reply, const struct snapshot_names *differing);
/* True if the last `snapshot_restore` returned false. */
bool snapshot_spoilt(const struct object *object);
/* A program has run or an entry was written since the maps were read (kept_map_changes). */
void snapshot_touched(struct object *object);
/* The stored content of a map; NULL if there is none. */
struct kept_map *snapshot_find(const struct object *object, const struct bpf_map *map);
void snapshot_free(struct object *object);

#endif
