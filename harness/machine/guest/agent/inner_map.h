// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INNER_MAP_H
#define BPFGATE_INNER_MAP_H

#include "object.h"

/*
 * Stores the shape of the inner maps of each map of maps. Call it before loading, which makes
 * libbpf forget them.
 */
void inner_map_note_all(struct object *object);
/* The same for a map whose template is `fd`. */
void inner_map_note(struct object *object, const struct bpf_map *outer, int fd);
/*
 * A new empty map that fits into `outer`: its file descriptor, or a negative errno; -EINVAL if
 * `outer` is not a map of maps.
 */
int inner_map_create(const struct object *object, const struct bpf_map *outer);

#endif
