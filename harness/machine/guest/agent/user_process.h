// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_USER_PROCESS_H
#define BPFGATE_USER_PROCESS_H

#include "args.h"
#include "identity.h"
#include "user.h"

/*
 * Starts the process of a user and waits until it is what it is to be. `first_handle` is above all
 * ids of its handles' predecessors, `env` are variables (`NAME=value`, ended by NULL) of its
 * environment. Fills in all of `user` but `id` and `patience_ms`. 0, or a negative errno and in
 * `what` what was being done.
 */
int user_process_start(struct user *user, const struct identity *identity, const char *uid_map, const char *gid_map,
		       char **env, uint32_t first_handle, char what[128]);

/* In the process of a user: the socket over which file descriptors go. -1 in the agent itself. */
int user_process_passing(void);

#endif
