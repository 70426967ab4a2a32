// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_SNAPSHOT_H
#define BPFGATE_SNAPSHOT_H

#include "object.h"

/* What can be done for one map of an object. */
enum snapshot_how {
	/* Its entries are put back. */
	SNAPSHOT_RESTORED,
	/* Its events are thrown away. */
	SNAPSHOT_DRAINED,
	/* Nothing: whether it is as it was cannot be known. */
	SNAPSHOT_UNSUPPORTED,
};

/* Called with the name of each map concerned. */
typedef void snapshot_map_fn(void *context, const char *map, enum snapshot_how how);

/* Remembers what each map of a loaded object holds, in place of what was remembered before. */
void snapshot_take(struct object *object, snapshot_map_fn *each, void *context);
/*
 * Brings each map back to what was remembered, reads it again, and calls `differs` for those that
 * are not the same, unsupported ones among them. True when all are.
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
/* Whether the last `snapshot_restore` was not true. */
bool snapshot_spoilt(const struct object *object);
/* Something has been run or written since the maps were read (kept_map_changes). */
void snapshot_touched(struct object *object);
/* What is remembered of a map; NULL when nothing can be. */
struct kept_map *snapshot_find(const struct object *object, const struct bpf_map *map);
void snapshot_free(struct object *object);

#endif
