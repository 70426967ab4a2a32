// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_WATCH_H
#define BPFGATE_WATCH_H

#include <stdbool.h>

#include "object.h"
#include "reply.h"

/* The reading end of one ring buffer or perf event array, kept as long as its object. */
struct watch;

/* That of the map, or NULL when it is not watched. */
struct watch *watch_find(const struct object *object, const struct bpf_map *map);
/*
 * Begins to watch a map of kind KIND_RING or KIND_PERF, unless it is watched already. `pages` is
 * the size of each CPU's buffer for perf events, a power of two. 0 or a negative errno.
 */
int watch_begin(struct object *object, const struct bpf_map *map, uint32_t pages);
/*
 * Packs the events that came since the last time as an array, and says how many perf events were
 * lost.
 */
void watch_drain(struct watch *watch, struct reply *reply, bool *more, uint64_t *lost);
/* Throws the events away. True when none is left. */
bool watch_discard(struct watch *watch);
void watch_free_all(struct object *object);

#endif
