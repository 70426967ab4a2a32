// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_ENTRY_H
#define BPFGATE_MAP_ENTRY_H

#include <bpf/libbpf.h>

#include "args.h"
#include "map.h"
#include "object.h"

/* Room for a value of every CPU, for `map_entry_write`; the caller frees it. */
uint8_t *map_entry_room(const struct map *map);
/*
 * Writes one element of `entries` of `map_write` into map `of` of the object: a value, a program, a
 * socket or a new inner map. 0 or a negative errno; the entry may also have got a complaint.
 */
int map_entry_write(struct args *entry, const struct object *object, const struct bpf_map *of,
		    const struct map *map, uint8_t *room);

#endif
