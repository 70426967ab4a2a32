// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_HANDLE_FD_H
#define BPFGATE_HANDLE_FD_H

#include "args.h"
#include "reply.h"

/*
 * The file descriptor that `{handle, program?, map?}` names: a handle's own, an attachment's link,
 * or that of an object's program or map. -1 when there is none.
 */
int handle_fd(struct args *named);

/* Packs `{handle}`, a new one for a file descriptor. */
void handle_fd_keep(int fd, struct reply *reply);

#endif
