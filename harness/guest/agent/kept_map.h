// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_KEPT_MAP_H
#define BPFGATE_KEPT_MAP_H

#include <stdbool.h>

/* One map and what it held; for a map of maps also what the maps in it held. */
struct kept_map;

/* NULL when the map cannot be read, or holds more than is worth keeping. `fd` stays the caller's and open. */
struct kept_map *kept_map_take(int fd);
/* Rewrites what has changed, and reads it again. True when the map holds what it held. */
bool kept_map_restore(struct kept_map *kept);
void kept_map_free(struct kept_map *kept);

#endif
