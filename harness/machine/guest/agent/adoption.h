// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_ADOPTION_H
#define BPFGATE_ADOPTION_H

#include <bpf/libbpf.h>
#include <stdbool.h>

#include "args.h"
#include "object.h"
#include "reply.h"

/*
 * Loading an object of which everything is in the kernel already, put there by a loader program:
 * its maps and programs are those that argument `adopt` names, and libbpf, which prepares the
 * object as ever, creates nothing.
 *
 * From `adoption_begin` to `adoption_end`. False after a complaint or a failed reply; no end is
 * needed then.
 */
bool adoption_begin(struct args *args, const struct object *object, struct reply *reply);
void adoption_end(void);

bool adoption_active(void);

/*
 * A file descriptor of its own for what was adopted as this program, as bpf_prog_load() gives it;
 * -ENOENT when nothing was.
 */
int adoption_program(const struct bpf_program *program);

/* Answers what libbpf loads only to see whether it can. */
int adoption_placeholder(void);

#endif
