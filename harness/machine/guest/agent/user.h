// SPDX-License-Identifier: Apache-2.0
#ifndef BPFGATE_USER_H
#define BPFGATE_USER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "args.h"
#include "channel.h"
#include "reply.h"

/* A process that does the agent's operations as somebody else, with handles of its own. */
struct user {
	uint32_t id;
	pid_t pid;
	int pidfd;
	/* It is served like the runner's. */
	struct channel channel;
	/* File descriptors go over this socket. */
	int passing;
	/* Without an answer and without progress it counts as hung after so long. */
	int patience_ms;
	bool lost;
	/* How it ended. */
	char end[128];
};

/* The user that the argument `key` names, or NULL after failing the reply with EBADF. */
struct user *user_argument(struct args *args, const char *key, struct reply *reply);

/*
 * Has the user do an operation, whose outcome becomes the reply's. A user that hangs is killed
 * (ETIMEDOUT), and one whose answer cannot be read (EPROTO); of one that is gone, or goes
 * meanwhile, the reply tells how it ended (EOWNERDEAD).
 */
void user_forward(struct user *user, const char *op, const struct args *args, struct reply *reply);

/* Ends the process, waits until it is gone with all that it held, and frees. */
void user_end(struct user *user);

#endif
