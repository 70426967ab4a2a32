// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KEPT_MAP_H
#define BPFGATE_KEPT_MAP_H

#include <stdbool.h>

#include "content_compare.h"

/* One map and its stored content; of a map of maps also the content of the inner maps. */
struct kept_map;

/* NULL if the map cannot be read or is too large. The caller keeps `fd` open. */
struct kept_map *kept_map_take(int fd);
/* Rewrites what has changed and reads it back. True if the map has its stored content. */
bool kept_map_restore(struct kept_map *kept);
/*
 * Reads the map and reports what differs from its stored content, or since `kept_map_begin`. 0 or
 * a negative errno: -EOPNOTSUPP for queues and stacks, -E2BIG for a map that has grown too large.
 * Until `kept_map_touched`, `kept_map_restore` uses what was read here.
 */
int kept_map_changes(struct kept_map *kept, content_change_fn *change, void *context);
/* Until `kept_map_restore`, changes are those since what `kept_map_changes` has just read. */
void kept_map_begin(struct kept_map *kept);
/* A program has run or an entry was written since. */
void kept_map_touched(struct kept_map *kept);
const struct map *kept_map_shape(const struct kept_map *kept);
void kept_map_free(struct kept_map *kept);

#endif
