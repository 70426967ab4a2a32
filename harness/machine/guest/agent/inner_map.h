// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_INNER_MAP_H
#define BPFGATE_INNER_MAP_H

#include "object.h"

/*
 * Remembers what the maps in each map of maps look like, before loading, which makes libbpf forget
 * it.
 */
void inner_map_note_all(struct object *object);
/* The same for one whose template is `fd`. */
void inner_map_note(struct object *object, const struct bpf_map *outer, int fd);
/*
 * A new empty map that `outer` takes: its file descriptor, or a negative errno; -EINVAL when
 * `outer` takes none.
 */
int inner_map_create(const struct object *object, const struct bpf_map *outer);

#endif
