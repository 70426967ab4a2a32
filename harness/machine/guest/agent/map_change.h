// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_MAP_CHANGE_H
#define BPFGATE_MAP_CHANGE_H

#include "object.h"
#include "reply.h"

/*
 * Packs a MapChange of ../operations/ when a map differs from its snapshot: entries that are new or
 * changed and keys that are gone; the whole map when it cannot be compared. False when it is equal.
 * With `begins` later changes, until the map is restored, are those since this call.
 */
bool map_change_reply(const struct object *object, const struct bpf_map *of, uint32_t index, bool begins,
		      struct reply *reply);

#endif
