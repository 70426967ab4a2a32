// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_ENTRY_H
#define BPFGATE_MAP_ENTRY_H

#include <bpf/libbpf.h>

#include "args.h"
#include "map.h"
#include "object.h"

/*
 * The map that the argument `map` names. NULL after failing the reply: ENOENT, or EBADF when the
 * object is not loaded.
 */
struct bpf_map *map_argument(struct args *args, const struct object *object, struct map *map, struct reply *reply);
/*
 * Writes the arguments `packed` and `entries` (a value, a program, a socket or a new inner map
 * each) into the map that the argument `map` names, and packs an array of their errnos. True when
 * all were written.
 */
bool map_entries_write(struct args *args, const struct object *object, struct reply *reply);

#endif
