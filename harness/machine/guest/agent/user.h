// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_USER_H
#define BPFGATE_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "args.h"
#include "channel.h"
#include "reply.h"

/* A process that runs operations under another identity, with its own handles. */
struct user {
	uint32_t id;
	pid_t pid;
	int pidfd;
	/* Requests and answers, as between runner and agent. */
	struct channel channel;
	/* The socket that passes file descriptors. */
	int passing;
	/* It counts as hung after this time without answer and progress. */
	int patience_ms;
	bool lost;
	/* How it ended. */
	char end[128];
};

/* The user in argument `key`, or NULL after failing the reply with EBADF. */
struct user *user_argument(struct args *args, const char *key, struct reply *reply);

/*
 * Lets the user run an operation; its outcome becomes the reply's. The reply fails if the user
 * hangs and is killed (ETIMEDOUT), sends an invalid answer (EPROTO), or has ended (EOWNERDEAD), and
 * says how it ended.
 */
void user_forward(struct user *user, const char *op, const struct args *args, struct reply *reply);

/* Kills the process, waits until it has released all that it held, and frees `user`. */
void user_end(struct user *user);

#endif
