// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_ADOPTION_H
#define BPFGATE_ADOPTION_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "args.h"
#include "object.h"
#include "reply.h"

/*
 * Loads an object whose maps and programs a loader program has already created. They are those that
 * the argument `adopt` names; libbpf prepares the object as usual but creates nothing.
 *
 * This lasts from `adoption_begin` to `adoption_end`. `adoption_begin` returns false after a
 * complaint or a failed reply; `adoption_end` is then not needed.
 */
bool adoption_begin(struct args *args, const struct object *object, struct reply *reply);
void adoption_end(void);

bool adoption_active(void);

/*
 * A new file descriptor of the program that was adopted as this one, like bpf_prog_load(); -ENOENT
 * if there is none.
 */
int adoption_program(const struct bpf_program *program);

/* A file descriptor that answers libbpf's feature probes. */
int adoption_placeholder(void);

#endif
