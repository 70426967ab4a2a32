// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_STRUCT_OPS_H
#define BPFGATE_STRUCT_OPS_H

#include "attachment.h"

/*
 * libbpf loads every program that a struct_ops map refers to, whatever its autoload says: so the
 * map's members that stand for this one become NULL. Until load they are pointers to programs. A
 * map that loses its last one is not created: the kernel may lack its type.
 */
void struct_ops_leave_out(struct object *object, const struct bpf_program *program);

/* Registers a loaded struct_ops map. 0 or a negative errno. */
int struct_ops_attach(struct object *object, const struct bpf_map *map, struct attachment *attachment);

#endif
