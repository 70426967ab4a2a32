// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "operation.h"
#include "serve.h"
#include "sock_address.h"

#define MAX_STEPS 4096
#define MAX_SOCKETS 64
#define MAX_DATA 2048
#define MAX_WAIT_MS 10000
#define WAIT_MS 1000

/* One system call on the socket of a slot. */
struct step {
	const char *call;
	uint32_t slot;
	/* Of accept: where the new socket goes. */
	uint32_t into;
	int domain, type, protocol;
	struct sock_address address;
	struct bytes data;
	int level, option;
};

/* What became of it, as it comes through the pipe. */
struct outcome {
	int32_t error;
	uint32_t data_length;
	uint64_t time_ns;
	uint8_t data[MAX_DATA];
	struct sock_address address;
};

static int sockets[MAX_SOCKETS];

typedef int call_fn(const struct step *step, int fd, struct outcome *outcome);

static int call_socket(const struct step *step, int fd, struct outcome *outcome)
{
	(void)fd;
	(void)outcome;
	return sockets[step->slot] = socket(step->domain, step->type | SOCK_CLOEXEC, step->protocol);
}

static int call_bind(const struct step *step, int fd, struct outcome *outcome)
{
	(void)outcome;
	return bind(fd, &step->address.any, step->address.length);
}

static int call_listen(const struct step *step, int fd, struct outcome *outcome)
{
	(void)step;
	(void)outcome;
	return listen(fd, 16);
}

static int call_connect(const struct step *step, int fd, struct outcome *outcome)
{
	(void)outcome;
	return connect(fd, &step->address.any, step->address.length);
}

static int call_accept(const struct step *step, int fd, struct outcome *outcome)
{
	outcome->address.length = sizeof(struct sockaddr_un);
	return sockets[step->into] = accept(fd, &outcome->address.any, &outcome->address.length);
}

static int call_sendmsg(const struct step *step, int fd, struct outcome *outcome)
{
	struct iovec part = { .iov_base = (void *)step->data.data, .iov_len = step->data.length };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	(void)outcome;
	if (step->address.length > 0) {
		message.msg_name = (void *)&step->address.any;
		message.msg_namelen = step->address.length;
	}
	return (int)sendmsg(fd, &message, MSG_NOSIGNAL);
}

static int call_recvmsg(const struct step *step, int fd, struct outcome *outcome)
{
	struct iovec part = { .iov_base = outcome->data, .iov_len = MAX_DATA };
	struct msghdr message = {
		.msg_name = &outcome->address.any,
		.msg_namelen = sizeof(struct sockaddr_un),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t got = recvmsg(fd, &message, 0);

	(void)step;
	outcome->data_length = got > 0 ? got : 0;
	outcome->address.length = got >= 0 ? message.msg_namelen : 0;
	return (int)got;
}

static int call_getsockname(const struct step *step, int fd, struct outcome *outcome)
{
	(void)step;
	outcome->address.length = sizeof(struct sockaddr_un);
	return getsockname(fd, &outcome->address.any, &outcome->address.length);
}

static int call_getpeername(const struct step *step, int fd, struct outcome *outcome)
{
	(void)step;
	outcome->address.length = sizeof(struct sockaddr_un);
	return getpeername(fd, &outcome->address.any, &outcome->address.length);
}

static int call_setsockopt(const struct step *step, int fd, struct outcome *outcome)
{
	(void)outcome;
	return setsockopt(fd, step->level, step->option, step->data.data, step->data.length);
}

static int call_getsockopt(const struct step *step, int fd, struct outcome *outcome)
{
	socklen_t length = step->data.length;
	int result;

	memcpy(outcome->data, step->data.data, step->data.length);
	result = getsockopt(fd, step->level, step->option, outcome->data, &length);
	outcome->data_length = result == 0 && length <= MAX_DATA ? length : 0;
	return result;
}

static int call_close(const struct step *step, int fd, struct outcome *outcome)
{
	(void)outcome;
	sockets[step->slot] = -1;
	return close(fd);
}

static const struct {
	const char *name;
	call_fn *call;
} calls[] = {
	{ "socket", call_socket },
	{ "bind", call_bind },
	{ "listen", call_listen },
	{ "connect", call_connect },
	{ "accept", call_accept },
	{ "sendmsg", call_sendmsg },
	{ "recvmsg", call_recvmsg },
	{ "getsockname", call_getsockname },
	{ "getpeername", call_getpeername },
	{ "setsockopt", call_setsockopt },
	{ "getsockopt", call_getsockopt },
	{ "close", call_close },
};

static call_fn *find_call(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].call;
	}
	return NULL;
}

static struct step step_of(struct args *args, uint32_t index)
{
	struct args element = args_element(args, "steps", index);
	struct bytes address = args_bytes_or_none(&element, "address");
	struct step step = {
		.call = args_string(&element, "call"),
		.slot = args_uint_or(&element, "socket", MAX_SOCKETS - 1, 0),
		.into = args_uint_or(&element, "into", MAX_SOCKETS - 1, 0),
		.domain = (int)args_uint_or(&element, "domain", INT32_MAX, AF_INET),
		.type = (int)args_uint_or(&element, "type", INT32_MAX, SOCK_DGRAM),
		.protocol = (int)args_uint_or(&element, "protocol", INT32_MAX, 0),
		.data = args_bytes_or_none(&element, "data"),
		.level = (int)args_int_or(&element, "level", 0),
		.option = (int)args_int_or(&element, "option", 0),
	};
	uint16_t port = args_uint_or(&element, "port", UINT16_MAX, 0);
	const char *path = args_string_or_null(&element, "path");

	if (!find_call(step.call))
		args_complain(args, "steps", "have a call that there is not");
	if (step.data.length > MAX_DATA)
		args_complain(args, "steps", "have too much data");
	if (args_has(&element, "address") && !sock_address_of(&step.address, &address, port))
		args_complain(args, "steps", "have an address of neither 4 nor 16 bytes");
	if (path && strlen(path) >= sizeof(step.address.local.sun_path)) {
		args_complain(args, "steps", "have too long a path");
	} else if (path) {
		step.address.local.sun_family = AF_UNIX;
		memcpy(step.address.local.sun_path, path, strlen(path) + 1);
		step.address.length = sizeof(step.address.local);
	}
	return step;
}

static void interrupt(int signal)
{
	(void)signal;
}

static bool write_all(int fd, const void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t put = write(fd, (const uint8_t *)data + done, length - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		done += put;
	}
	return true;
}

static bool read_all(int fd, void *data, size_t length)
{
	for (size_t done = 0; done < length;) {
		ssize_t got = read(fd, (uint8_t *)data + done, length - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += got;
	}
	return true;
}

/* The child's errno of getting into the cgroup. */
static int join_cgroup(const char *cgroup)
{
	char path[320];
	FILE *file;
	int error = 0;

	if (!cgroup)
		return 0;
	snprintf(path, sizeof(path), "%.300s/cgroup.procs", cgroup);
	file = fopen(path, "we");
	if (!file)
		return errno;
	if (fputs("0", file) < 0 || fflush(file) != 0)
		error = errno;
	fclose(file);
	return error;
}

/*
 * The life of the child. A call that blocks is interrupted by the timer, which repeats for those that begin to block
 * when it has just rung.
 */
static void make_calls(const struct step *steps, uint32_t count, const char *cgroup, uint32_t wait_ms, int to)
{
	struct sigaction action = { .sa_handler = interrupt };
	struct itimerval timer = { 0 };
	int error = join_cgroup(cgroup);

	sigaction(SIGALRM, &action, NULL);
	for (int i = 0; i < MAX_SOCKETS; i++)
		sockets[i] = -1;
	if (!write_all(to, &error, sizeof(error)) || error)
		return;
	for (uint32_t i = 0; i < count; i++) {
		struct outcome outcome = { 0 };
		struct timespec now;

		timer.it_value = timer.it_interval =
			(struct timeval){ .tv_sec = wait_ms / 1000, .tv_usec = wait_ms % 1000 * 1000 };
		setitimer(ITIMER_REAL, &timer, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (find_call(steps[i].call)(&steps[i], sockets[steps[i].slot], &outcome) < 0) {
			outcome.error = errno;
			outcome.address.length = 0;
		}
		timer = (struct itimerval){ 0 };
		setitimer(ITIMER_REAL, &timer, NULL);
		outcome.time_ns = (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
		if (!write_all(to, &outcome, sizeof(outcome)))
			return;
	}
}

static void reply_address(struct reply *reply, const struct sock_address *address)
{
	if (address->any.sa_family == AF_INET) {
		reply_key_bytes(reply, "address", &address->ipv4.sin_addr, 4);
		reply_key_uint(reply, "port", ntohs(address->ipv4.sin_port));
	} else {
		reply_key_bytes(reply, "address", &address->ipv6.sin6_addr, 16);
		reply_key_uint(reply, "port", ntohs(address->ipv6.sin6_port));
	}
}

static void reply_outcome(struct reply *reply, const struct outcome *outcome)
{
	sa_family_t family = outcome->address.any.sa_family;
	bool internet = outcome->address.length > 0 && (family == AF_INET || family == AF_INET6);

	reply_map(reply, internet ? 5 : 3);
	reply_key_uint(reply, "errno", outcome->error);
	reply_key_uint(reply, "time_ns", outcome->time_ns);
	reply_key_bytes(reply, "data", outcome->data, outcome->data_length);
	if (internet)
		reply_address(reply, &outcome->address);
}

static void take_outcomes(int from, uint32_t count, struct reply *reply)
{
	struct outcome outcome;
	uint32_t taken = 0;
	size_t array;

	reply_map(reply, 1);
	reply_key(reply, "steps");
	array = reply_array_begin(reply);
	while (taken < count && read_all(from, &outcome, sizeof(outcome))) {
		reply_outcome(reply, &outcome);
		taken++;
		serve_progress();
	}
	reply_array_end(reply, array, taken);
	if (taken < count)
		reply_fail(reply, ECHILD, "the process that makes the calls ended at call %u", taken);
}

static void run(const struct step *steps, uint32_t count, const char *cgroup, uint32_t wait_ms, struct reply *reply)
{
	int pipes[2] = { -1, -1 };
	int error = pipe2(pipes, O_CLOEXEC) < 0 ? errno : 0;
	pid_t child = error ? -1 : fork();

	if (child == 0) {
		close(pipes[0]);
		make_calls(steps, count, cgroup, wait_ms, pipes[1]);
		_exit(0);
	}
	if (child < 0) {
		reply_fail(reply, error ? error : errno, "make sockets");
	} else {
		close(pipes[1]);
		pipes[1] = -1;
		if (!read_all(pipes[0], &error, sizeof(error)))
			error = ECHILD;
		if (error)
			reply_fail(reply, error, "join cgroup %s", cgroup ? cgroup : "");
		else
			take_outcomes(pipes[0], count, reply);
		waitpid(child, NULL, 0);
	}
	for (int i = 0; i < 2; i++) {
		if (pipes[i] >= 0)
			close(pipes[i]);
	}
}

void op_socket_traffic(struct args *args, struct reply *reply)
{
	const char *cgroup = args_string_or_null(args, "cgroup");
	uint32_t count = args_count(args, "steps");
	uint32_t wait_ms = args_uint_or(args, "wait_ms", MAX_WAIT_MS, WAIT_MS);
	struct step *steps;

	if (count > MAX_STEPS)
		args_complain(args, "steps", "are too many");
	if (wait_ms == 0)
		args_complain(args, "wait_ms", "is 0");
	if (!args_valid(args))
		return;
	steps = calloc(count + 1, sizeof(*steps));
	if (!steps)
		abort();
	for (uint32_t i = 0; i < count; i++)
		steps[i] = step_of(args, i);
	if (args_valid(args))
		run(steps, count, cgroup, wait_ms, reply);
	free(steps);
}
