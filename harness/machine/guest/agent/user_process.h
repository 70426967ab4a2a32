// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_USER_PROCESS_H
#define BPFGATE_USER_PROCESS_H

#include "args.h"
#include "identity.h"
#include "user.h"

/*
 * Starts the process of a user and waits until it has its identity. `first_handle` is greater than
 * all ids of handles used before, `env` are variables (`NAME=value`, ended by NULL) of its
 * environment. Fills in all of `user` except `id` and `patience_ms`. 0, or a negative errno with
 * the failed step in `what`.
 */
int user_process_start(struct user *user, const struct identity *identity, const char *uid_map, const char *gid_map,
		       char **env, uint32_t first_handle, char what[128]);

/* In the process of a user: the socket that passes file descriptors. -1 in the agent itself. */
int user_process_passing(void);

#endif
