// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "operation.h"

#define WAIT_MS 10000

void op_command_start(struct args *args, struct reply *reply)
{
	const char *output = args_string(args, "output");
	struct command_start start = {
		.argv = command_words(args, "argv"),
		.env = command_words(args, "env"),
		.cwd = args_string_or_null(args, "cwd"),
		.limited = args_bool_or(args, "limited", false),
	};
	pid_t pid = 0;
	int fd, error;

	if (args_count(args, "argv", COMMAND_WORDS) == 0)
		args_complain(args, "argv", "is empty");
	if (args_valid(args)) {
		fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		error = fd < 0 ? errno : command_spawn(&start, fd, fd, &pid);
		if (fd >= 0)
			close(fd);
		if (error) {
			reply_fail(reply, error, "start %s", start.argv[0]);
		} else {
			reply_map(reply, 1);
			reply_key_uint(reply, "pid", pid);
		}
	}
	free(start.argv);
	free(start.env);
}

/* Whether a started command has ended. The agent reaps its children between requests too. */
static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

void op_command_signal(struct args *args, struct reply *reply)
{
	pid_t pid = args_uint(args, "pid", INT32_MAX);
	int number = args_uint(args, "signal", 64);
	bool awaited = args_bool_or(args, "await", false);
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + WAIT_MS * 1000000ull;
	int error = 0;
	bool ended;

	if (pid < 2)
		args_complain(args, "pid", "is the agent's");
	if (!args_valid(args))
		return;
	ended = has_ended(pid);
	if (!ended && kill(-pid, number) < 0)
		error = errno;
	while (!error && awaited && !ended && clock_ns(CLOCK_MONOTONIC) < until) {
		ended = has_ended(pid);
		if (!ended)
			pause_us(1000);
	}
	reply_map(reply, 2);
	reply_key_uint(reply, "errno", error);
	reply_key_bool(reply, "ended", ended);
}
