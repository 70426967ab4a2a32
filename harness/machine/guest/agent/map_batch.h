// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_BATCH_H
#define BPFGATE_MAP_BATCH_H

#include "map.h"

/*
 * Many entries in few system calls: BPF_MAP_UPDATE_BATCH and BPF_MAP_DELETE_BATCH, or one call each
 * where the kernel has no batches for the map. Keys and values lie one after the other.
 */

/*
 * Stops at the first entry that is refused: `error` is its negative errno, else 0. The number
 * written.
 */
uint32_t map_put_all(const struct map *map, const void *keys, const void *values, uint32_t count, int *error);
/* Passes over entries that cannot be deleted. */
void map_delete_all(const struct map *map, const void *keys, uint32_t count);

#endif
