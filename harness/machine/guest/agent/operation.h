// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_OPERATION_H
#define BPFGATE_OPERATION_H

#include "args.h"
#include "reply.h"

/*
 * One operation of operations.ts: packs its result into `reply`, or fails it. It checks
 * `args_valid` before it acts on its arguments and returns at once when they are not;
 * `operation_run` turns the complaint into EINVAL.
 */
typedef void operation_fn(struct args *args, struct reply *reply);

#define OPERATION(name, scope) operation_fn op_##name;
#include "operations.def"
#undef OPERATION

/*
 * Runs the operation of this name in the network namespace that the argument `netns` names, that of
 * the caller unless given; has a user do it whom the argument `user` names. Fails the reply with
 * ENOSYS for no such operation, EINVAL for invalid arguments.
 */
void operation_run(const char *name, struct args *args, struct reply *reply);

#endif
