// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_WATCH_H
#define BPFGATE_WATCH_H

#include <stdbool.h>

#include "object.h"
#include "reply.h"

/* The reading end of one ring buffer or perf event array; it lives as long as its object. */
struct watch;

/* The watch of the map, or NULL if it is not watched. */
struct watch *watch_find(const struct object *object, const struct bpf_map *map);
/*
 * Starts watching a map of kind KIND_RING or KIND_PERF unless it is watched already. `pages` is the
 * size of each CPU's buffer of perf events, a power of two. 0 or a negative errno.
 */
int watch_begin(struct object *object, const struct bpf_map *map, uint32_t pages);
/*
 * Packs an array of the events since the last call, and sets `*lost` to the number of lost perf
 * events.
 */
void watch_drain(struct watch *watch, struct reply *reply, bool *more, uint64_t *lost);
/* Discards the events. True if none is left. */
bool watch_discard(struct watch *watch);
void watch_free_all(struct object *object);

#endif
