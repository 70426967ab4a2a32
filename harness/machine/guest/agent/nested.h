// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_NESTED_H
#define BPFGATE_NESTED_H

#include "content.h"

static inline bool is_map_of_maps(const struct map *map)
{
	return map->holds_fds && map->type != BPF_MAP_TYPE_PROG_ARRAY;
}

/*
 * Reads a map of maps as one map of at most `most` entries: a key is the outer map's followed by
 * the inner map's. `map` becomes the description of that map. 0 or a negative errno.
 */
int nested_read(struct content *content, struct map *map, uint32_t most);

/*
 * Reads a map, with `nested` a map of maps as one map: at most 32 MiB, and at most 65,536 entries
 * unless they are told `packed`. 0 or a negative errno.
 */
int nested_read_all(struct content *content, struct map *map, bool nested, bool packed);

#endif
