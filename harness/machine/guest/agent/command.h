/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BPFGATE_COMMAND_H
#define BPFGATE_COMMAND_H

#include <sys/types.h>

#include "args.h"

#define COMMAND_WORDS 4096

/* The strings of an array, ended by NULL; the caller frees the array. */
char **command_words(struct args *args, const char *key);

/* What to start, with its words ended by NULL. */
struct command_start {
	char **argv;
	char **env;
	/* NULL: the agent's. */
	const char *cwd;
	/* Without the capabilities to change the agent, the kernel's code or the clock. */
	bool limited;
};

/*
 * Starts a command in its own session, so that all that it starts can be killed with it, and with
 * default signal handling; its input is empty, its outputs are these. posix_spawn() does not copy
 * the agent's memory and reports why a command cannot start. 0 or an errno.
 */
int command_spawn(const struct command_start *start, int out, int err, pid_t *pid);

/* In a process that was started `limited`: becomes its command, and does not return. */
void command_become_limited(int argc, char **argv);

#endif
