// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HANDLE_FD_H
#define BPFGATE_HANDLE_FD_H

#include "args.h"
#include "reply.h"

/*
 * The file descriptor that `{handle, program?, map?}` names: the handle's own, the link of an
 * attachment, or a program or map of an object. -1 if there is none.
 */
int handle_fd(struct args *named);

/* The same for the argument `key`; -1 when it is absent, or after a complaint. */
int handle_fd_argument(struct args *args, const char *key);

/* The file descriptor of the handle in argument `handle`; -1 after failing the reply with EBADF. */
int handle_fd_own(struct args *args, struct reply *reply);

/* The id of a new handle that holds this file descriptor. */
uint32_t handle_fd_new(int fd);

/* The same, packed as `{handle}`. */
void handle_fd_keep(int fd, struct reply *reply);

#endif
