// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "memory.h"
#include "operation.h"
#include "request.h"

#define MAX_TIMEOUT_MS (600u * 1000)
#define TIMEOUT_MS (30u * 1000)
#define MAX_OUTPUT (16u << 20)
#define OUTPUT (64u << 10)

/* One of the command's two outputs: its first bytes and its total size. */
struct output {
	int fd;
	uint8_t *data;
	uint32_t kept;
	uint32_t room;
	uint64_t total;
};

struct command {
	struct command_start start;
	uint64_t timeout_ms;
	struct output outputs[2];
	pid_t pid;
	int pidfd;
	bool timed_out;
	siginfo_t end;
};

/* Reads what is available. False at the end of the output. */
static bool take(struct output *output)
{
	uint8_t piece[65536];
	ssize_t got = read(output->fd, piece, sizeof(piece));
	uint32_t left = output->room - output->kept, keep;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	keep = left < (size_t)got ? left : (uint32_t)got;
	memcpy(output->data + output->kept, piece, keep);
	output->kept += keep;
	output->total += got;
	return got > 0;
}

/*
 * Waits until the command has ended, or kills it after its time limit. Processes that it leaves
 * running may hold the pipes open.
 */
static void wait_for_end(struct command *command)
{
	uint64_t until = clock_ns(CLOCK_MONOTONIC) + command->timeout_ms * 1000000;
	struct pollfd polled[3] = {
		{ .fd = command->pidfd, .events = POLLIN },
		{ .fd = command->outputs[0].fd, .events = POLLIN },
		{ .fd = command->outputs[1].fd, .events = POLLIN },
	};

	while (!(polled[0].revents & POLLIN)) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC);
		int wait_ms = now >= until ? 0 : (until - now) / 1000000 < 1000 ? (until - now) / 1000000 + 1 : 1000;

		if (now >= until && !command->timed_out) {
			command->timed_out = true;
			kill(-command->pid, SIGKILL);
			until = UINT64_MAX;
			continue;
		}
		poll(polled, 3, wait_ms);
		/* Waiting is progress, unless the command does not die. */
		if (!command->timed_out)
			request_progress();
		for (int i = 0; i < 2; i++) {
			if (polled[i + 1].revents && !take(&command->outputs[i]))
				polled[i + 1].fd = -1;
		}
	}
	/* A pipe holds at most one piece. */
	for (int i = 0; i < 2; i++) {
		if (polled[i + 1].fd >= 0)
			take(&command->outputs[i]);
	}
	waitid(P_PID, command->pid, &command->end, WEXITED);
	/* Killed descendants become children of the agent, which is init: reap them too. */
	while (command->timed_out && (waitpid(-command->pid, NULL, 0) > 0 || errno == EINTR))
		;
}

static void reply_end(const struct command *command, uint64_t duration, struct reply *reply)
{
	bool exited = command->end.si_code == CLD_EXITED;

	reply_map(reply, 7);
	reply_key_uint(reply, exited ? "status" : "signal", command->end.si_status);
	reply_key_bool(reply, "timed_out", command->timed_out);
	reply_key_uint(reply, "duration_ns", duration);
	reply_key_bytes(reply, "stdout", command->outputs[0].data, command->outputs[0].kept);
	reply_key_uint(reply, "stdout_size", command->outputs[0].total);
	reply_key_bytes(reply, "stderr", command->outputs[1].data, command->outputs[1].kept);
	reply_key_uint(reply, "stderr_size", command->outputs[1].total);
}

static void run(struct command *command, struct reply *reply)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };
	uint64_t began = clock_ns(CLOCK_MONOTONIC);
	int error = 0;

	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		error = errno;
	error = error ? error : command_spawn(&command->start, out[1], err[1], &command->pid);
	close(out[1]);
	close(err[1]);
	if (!error) {
		command->pidfd = syscall(SYS_pidfd_open, command->pid, 0);
		if (command->pidfd < 0) {
			error = errno;
			kill(-command->pid, SIGKILL);
			waitpid(command->pid, NULL, 0);
		}
	}
	if (error) {
		reply_fail(reply, error, "run %s", command->start.argv[0]);
	} else {
		command->outputs[0].fd = out[0];
		command->outputs[1].fd = err[0];
		fcntl(out[0], F_SETFL, O_NONBLOCK);
		fcntl(err[0], F_SETFL, O_NONBLOCK);
		wait_for_end(command);
		close(command->pidfd);
		reply_end(command, clock_ns(CLOCK_MONOTONIC) - began, reply);
	}
	close(out[0]);
	close(err[0]);
}

void op_command_run(struct args *args, struct reply *reply)
{
	uint32_t room = args_uint_or(args, "max_output", MAX_OUTPUT, OUTPUT);
	struct command command = {
		.start = {
			.argv = command_words(args, "argv"),
			.env = command_words(args, "env"),
			.cwd = args_string_or_null(args, "cwd"),
			.limited = args_bool_or(args, "limited", false),
		},
		.timeout_ms = args_uint_or(args, "timeout_ms", MAX_TIMEOUT_MS, TIMEOUT_MS),
	};

	if (args_count(args, "argv", COMMAND_WORDS) == 0)
		args_complain(args, "argv", "is empty");
	for (int i = 0; i < 2; i++) {
		command.outputs[i].room = room;
		command.outputs[i].data = memory_zeroed(room);
	}
	if (args_valid(args))
		run(&command, reply);
	free(command.outputs[0].data);
	free(command.outputs[1].data);
	free(command.start.argv);
	free(command.start.env);
}
