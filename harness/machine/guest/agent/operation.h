// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OPERATION_H
#define BPFGATE_OPERATION_H

#include "args.h"
#include "reply.h"

/*
 * One operation of operations.def: packs its result into `reply`, or fails it. It checks
 * `args_valid` before it acts on its arguments and returns if they are invalid; `operation_run`
 * then answers EINVAL.
 */
typedef void operation_fn(struct args *args, struct reply *reply);

#define OPERATION(name, scope) operation_fn op_##name;
#include "operations.def"
#undef OPERATION

/*
 * Runs an operation in the network namespace of the argument `netns` (default: the current one), or
 * in the process of the user in the argument `user`. Fails the reply with ENOSYS for an unknown
 * operation, EINVAL for invalid arguments.
 */
void operation_run(const char *name, struct args *args, struct reply *reply);

#endif
