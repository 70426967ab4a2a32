// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_NESTED_H
#define BPFGATE_NESTED_H

#include "content.h"

static inline bool is_map_of_maps(const struct map *map)
{
	return map->holds_fds && map->type != BPF_MAP_TYPE_PROG_ARRAY;
}

/*
 * Reads a map of maps as if it were one: each key is that of the outer map and, behind it, that of
 * the inner one, and `map` becomes what such a map would be. At most `most` entries. 0 or a
 * negative errno.
 */
int nested_read(struct content *content, struct map *map, uint32_t most);

#endif
