// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "during.h"
#include "memory.h"
#include "operation.h"
#include "request.h"
#include "socket_call.h"

#define MAX_STEPS 4096
#define MAX_WAIT_MS 10000
#define WAIT_MS 1000
#define MAX_REPEATED 65536

/* The child's task and, in shared memory, the progress of its repeated call. */
struct traffic {
	const struct socket_step *steps;
	/* Number of steps that are made once. */
	uint32_t count;
	const char *cgroup;
	uint32_t wait_ms;
	/*
	 * How many times to repeat the last step, which then does not count in `count`; 0: do not
	 * repeat.
	 */
	uint32_t wanted;
	/* Offset in its data at which to write the call's number; UINT32_MAX: none. */
	uint32_t number_at;
	struct repeated {
		_Atomic uint32_t done;
		/* Continue beyond `wanted`. */
		_Atomic bool go_on;
		/* Before each call, and after the last. */
		uint64_t times_ns[MAX_REPEATED + 1];
	} *repeated;
};

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

/* Moves the calling process into the cgroup. 0 or an errno. */
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

/* The timer repeats, for calls that block just after it has fired. */
static void ring_after(uint32_t ms)
{
	struct timeval time = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	struct itimerval timer = { .it_value = time, .it_interval = time };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static void repeat(const struct traffic *traffic)
{
	const struct socket_step *step = &traffic->steps[traffic->count];
	struct repeated *repeated = traffic->repeated;
	struct socket_outcome outcome;
	uint32_t n;

	ring_after(traffic->wait_ms);
	for (n = 0; n < MAX_REPEATED && (n < traffic->wanted || repeated->go_on); n++) {
		uint32_t number = htonl(n);

		work_pace(n, traffic->wanted);
		/* The child has its own copy of the request. */
		if (traffic->number_at != UINT32_MAX)
			memcpy((uint8_t *)step->data.data + traffic->number_at, &number, sizeof(number));
		repeated->times_ns[n] = clock_ns(CLOCK_MONOTONIC);
		socket_call(step, &outcome);
		repeated->times_ns[n + 1] = clock_ns(CLOCK_MONOTONIC);
		repeated->done = n + 1;
	}
}

/* What the child does until it exits. */
static void make_calls(const struct traffic *traffic, int to)
{
	const struct socket_step *steps = traffic->steps;
	struct sigaction action = { .sa_handler = interrupt };
	int error = join_cgroup(traffic->cgroup);

	sigaction(SIGALRM, &action, NULL);
	socket_call_begin();
	if (!write_all(to, &error, sizeof(error)) || error)
		return;
	for (uint32_t i = 0; i < traffic->count; i++) {
		struct socket_outcome outcome = { 0 };
		uint64_t before;

		ring_after(traffic->wait_ms);
		before = clock_ns(CLOCK_MONOTONIC);
		if (socket_call(&steps[i], &outcome) < 0) {
			outcome.error = errno;
			outcome.address.length = 0;
		}
		ring_after(0);
		outcome.time_ns = before;
		if (!write_all(to, &outcome, sizeof(outcome)))
			return;
	}
	if (traffic->wanted > 0)
		repeat(traffic);
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

static void reply_outcome(struct reply *reply, const struct socket_outcome *outcome)
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

static bool take_outcomes(int from, uint32_t count, struct reply *reply)
{
	struct socket_outcome outcome;
	uint32_t taken = 0;
	size_t array;

	reply_key(reply, "steps");
	array = reply_array_begin(reply);
	while (taken < count && read_all(from, &outcome, sizeof(outcome))) {
		reply_outcome(reply, &outcome);
		taken++;
		request_progress();
	}
	reply_array_end(reply, array, taken);
	if (taken == count)
		return true;
	reply_fail(reply, ECHILD, "the process that makes the calls ended at call %u", taken);
	return false;
}

/* Runs the operations while the child repeats its call. */
static void take_repeated(struct args *args, const struct traffic *traffic, uint32_t rounds, pid_t child,
			  struct reply *reply)
{
	struct repeated *repeated = traffic->repeated;
	struct work work = { .done = &repeated->done, .wanted = traffic->wanted, .child = child };

	during_run(args, rounds, &work, reply);
	repeated->go_on = false;
	while (!work_ended(&work)) {
		pause_us(500);
		request_progress();
	}
	if (repeated->done < traffic->wanted) {
		reply_fail(reply, ECHILD, "the process that makes the calls ended at call %u", repeated->done);
		return;
	}
	reply_key(reply, "times_ns");
	reply_array(reply, repeated->done + 1);
	for (uint32_t i = 0; i <= repeated->done; i++)
		reply_uint(reply, repeated->times_ns[i]);
}

static void run(struct args *args, const struct traffic *traffic, uint32_t rounds, struct reply *reply)
{
	int pipes[2] = { -1, -1 };
	int error = pipe2(pipes, O_CLOEXEC) < 0 ? errno : 0;
	pid_t child = error ? -1 : fork();

	if (child == 0) {
		close(pipes[0]);
		make_calls(traffic, pipes[1]);
		_exit(0);
	}
	if (child < 0) {
		reply_fail(reply, error ? error : errno, "start the process that makes the calls");
	} else {
		close(pipes[1]);
		pipes[1] = -1;
		if (!read_all(pipes[0], &error, sizeof(error)))
			error = ECHILD;
		reply_map(reply, traffic->wanted > 0 ? 3 : 1);
		if (error)
			reply_fail(reply, error, "join cgroup %s", traffic->cgroup ? traffic->cgroup : "");
		else if (take_outcomes(pipes[0], traffic->count, reply) && traffic->wanted > 0)
			take_repeated(args, traffic, rounds, child, reply);
		waitpid(child, NULL, 0);
	}
	for (int i = 0; i < 2; i++) {
		if (pipes[i] >= 0)
			close(pipes[i]);
	}
}

/* The data of a repeated call must have room for its number. */
static void check_repeated(struct args *args, const struct traffic *traffic, const struct socket_step *step)
{
	if (traffic->number_at != UINT32_MAX && (uint64_t)traffic->number_at + 4 > step->data.length)
		args_complain(args, "number_at", "is beyond the data of the last step");
	if (strcmp(step->call, "socket") == 0 || strcmp(step->call, "accept") == 0)
		args_complain(args, "count", "is not possible for a call that creates sockets");
}

void op_socket_traffic(struct args *args, struct reply *reply)
{
	uint32_t count = args_count(args, "steps", MAX_STEPS);
	uint32_t rounds = during_rounds(args);
	struct traffic traffic = {
		.count = count,
		.cgroup = args_string_or_null(args, "cgroup"),
		.wait_ms = args_uint_or(args, "wait_ms", MAX_WAIT_MS, WAIT_MS),
		.wanted = args_uint_or(args, "count", MAX_REPEATED, 0),
		.number_at = args_uint_or(args, "number_at", SOCKET_CALL_MAX_DATA, UINT32_MAX),
		.repeated = MAP_FAILED,
	};
	struct socket_step *steps;

	if (traffic.wait_ms == 0)
		args_complain(args, "wait_ms", "is 0, expected at least 1");
	if (traffic.wanted > 0 && count == 0)
		args_complain(args, "steps", "is empty");
	if (!args_valid(args))
		return;
	steps = memory_zeroed(count * sizeof(*steps));
	for (uint32_t i = 0; i < count; i++)
		steps[i] = socket_step_of(args, i);
	traffic.steps = steps;
	if (traffic.wanted > 0) {
		traffic.count--;
		check_repeated(args, &traffic, &steps[traffic.count]);
		traffic.repeated = mmap(NULL, sizeof(*traffic.repeated), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (traffic.repeated == MAP_FAILED)
			abort();
		traffic.repeated->go_on = during_any(args);
	}
	if (args_valid(args))
		run(args, &traffic, rounds, reply);
	if (traffic.repeated != MAP_FAILED)
		munmap(traffic.repeated, sizeof(*traffic.repeated));
	free(steps);
}
