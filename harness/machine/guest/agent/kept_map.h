// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KEPT_MAP_H
#define BPFGATE_KEPT_MAP_H

#include <stdbool.h>

#include "content.h"

/* One map and what it held; for a map of maps also what the maps in it held. */
struct kept_map;

/*
 * NULL when the map cannot be read, or holds more than is worth keeping. `fd` stays the caller's
 * and open.
 */
struct kept_map *kept_map_take(int fd);
/* Rewrites what has changed, and reads it again. True when the map holds what it held. */
bool kept_map_restore(struct kept_map *kept);
/*
 * Reads the map and tells what is not as it was. 0 or a negative errno: -EOPNOTSUPP for queues and
 * stacks, -E2BIG for a map that has become too large. Until `kept_map_touched`, restoring relies on
 * what was read here.
 */
int kept_map_changes(struct kept_map *kept, content_change_fn *change, void *context);
/* Something has been run or written since. */
void kept_map_touched(struct kept_map *kept);
const struct map *kept_map_shape(const struct kept_map *kept);
void kept_map_free(struct kept_map *kept);

#endif
