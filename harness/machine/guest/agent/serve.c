// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "operation.h"

#define SECOND_NS 1000000000ull
#define MAX_CALL_NS (300 * SECOND_NS)
/* A call that used less than this of a second's processor time is waiting, not working. */
#define WORK_NS 50000000ull

/* The current request. There is one at a time, because the one runner waits for each answer. */
static struct {
	struct channel *channel;
	uint64_t id;
	uint64_t steps;
	bool active;
	/* Time of the last progress frame, or of the request (CLOCK_MONOTONIC). */
	uint64_t said_ns;
	bool in_call;
} current;

/* Guards `current` and the channel's output against the watching thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t call_entered = PTHREAD_COND_INITIALIZER;
static clockid_t served_clock;

bool serve_ready(struct channel *channel)
{
	struct reply reply;
	bool sent;

	reply_init(&reply, 0);
	reply_map(&reply, 1);
	reply_key_bool(&reply, "ready", true);
	sent = channel_write(channel, reply.buffer.data, reply.buffer.size);
	reply_free(&reply);
	return sent;
}

bool serve_bind(const uint8_t nonce[CHANNEL_NONCE])
{
	if (current.channel->bound)
		return false;
	memcpy(current.channel->nonce, nonce, CHANNEL_NONCE);
	current.channel->bound = true;
	return true;
}

void serve_rubbish(const void *data, size_t length)
{
	if (write(current.channel->fd, data, length) < 0)
		perror("bpfgate: rubbish");
}

/* Called with the lock held. */
static void say_progress(void)
{
	msgpack_sbuffer buffer;
	struct reply frame = { 0 };

	current.said_ns = clock_ns(CLOCK_MONOTONIC);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&frame.packer, &buffer, msgpack_sbuffer_write);
	reply_map(&frame, 2);
	reply_key_uint(&frame, "id", current.id);
	reply_key_uint(&frame, "progress", current.steps);
	channel_write(current.channel, buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
}

void serve_progress(void)
{
	if (!current.active)
		return;
	pthread_mutex_lock(&lock);
	current.steps++;
	if (clock_ns(CLOCK_MONOTONIC) - current.said_ns >= SECOND_NS)
		say_progress();
	pthread_mutex_unlock(&lock);
}

void serve_enter_call(void)
{
	pthread_mutex_lock(&lock);
	current.in_call = current.active;
	pthread_cond_signal(&call_entered);
	pthread_mutex_unlock(&lock);
}

void serve_leave_call(void)
{
	pthread_mutex_lock(&lock);
	current.in_call = false;
	pthread_mutex_unlock(&lock);
}

/* A thread instead of signals: a pending signal makes the verifier return EAGAIN. */
static void *watch(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		uint64_t began, before;

		while (!current.in_call)
			pthread_cond_wait(&call_entered, &lock);
		began = before = clock_ns(served_clock);
		while (current.in_call) {
			uint64_t now;

			pthread_mutex_unlock(&lock);
			pause_us(1000000);
			pthread_mutex_lock(&lock);
			now = clock_ns(served_clock);
			if (current.in_call && now - before >= WORK_NS && now - began < MAX_CALL_NS) {
				current.steps++;
				say_progress();
			}
			before = now;
		}
	}
	return NULL;
}

void serve_start_watch(void)
{
	pthread_t thread;

	pthread_getcpuclockid(pthread_self(), &served_clock);
	if (pthread_create(&thread, NULL, watch, NULL) == 0)
		pthread_detach(thread);
	else
		fprintf(stderr, "bpfgate: cannot watch long calls\n");
}

static void run(const msgpack_object *request, msgpack_zone *zone, struct reply *reply)
{
	char complaint[160] = "";
	struct args head = {
		.map = request,
		.zone = zone,
		.complaint = complaint,
		.complaint_size = sizeof(complaint),
	};
	const char *op = args_string(&head, "op");
	struct args args = args_map_or_none(&head, "args");

	if (!args_valid(&head)) {
		reply_fail(reply, EINVAL, "request: %s", complaint);
		return;
	}
	operation_run(op, &args, reply);
	if (reply->buffer.size > CHANNEL_MAX_PAYLOAD)
		reply_fail(reply, EMSGSIZE, "%s: the answer has %zu bytes", op, reply->buffer.size);
}

/* False if the request has no id, so that it cannot be answered, or the answer cannot be sent. */
static bool answer(struct channel *channel, const uint8_t *payload, uint32_t length)
{
	msgpack_unpacked unpacked;
	struct reply reply;
	size_t end = 0;
	uint64_t id;
	bool sent = false;

	msgpack_unpacked_init(&unpacked);
	if (msgpack_unpack_next(&unpacked, (const char *)payload, length, &end) == MSGPACK_UNPACK_SUCCESS &&
	    end == length) {
		char complaint[160] = "";
		struct args head = {
			.map = &unpacked.data,
			.zone = unpacked.zone,
			.complaint = complaint,
			.complaint_size = sizeof(complaint),
		};

		id = args_uint(&head, "id", UINT64_MAX);
		if (args_valid(&head) && id > 0) {
			current.channel = channel;
			current.id = id;
			current.steps = 0;
			current.active = true;
			current.said_ns = clock_ns(CLOCK_MONOTONIC);
			reply_init(&reply, id);
			run(&unpacked.data, unpacked.zone, &reply);
			pthread_mutex_lock(&lock);
			current.active = false;
			sent = channel_write(channel, reply.buffer.data, reply.buffer.size);
			pthread_mutex_unlock(&lock);
			reply_free(&reply);
		}
	}
	msgpack_unpacked_destroy(&unpacked);
	return sent;
}

pid_t serve_fork(void)
{
	pid_t pid;

	pthread_mutex_lock(&lock);
	pid = fork();
	if (pid != 0) {
		pthread_mutex_unlock(&lock);
		return pid;
	}
	lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	call_entered = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	memset(&current, 0, sizeof(current));
	return 0;
}

/* Answers requests until the channel ends; returns why. */
static const char *serve_all(struct channel *channel)
{
	for (;;) {
		uint8_t *payload;
		uint32_t length;
		enum channel_event event = channel_read(channel, &payload, &length);
		bool answered;

		if (event != CHANNEL_FRAME)
			return event == CHANNEL_CLOSED ? "channel closed" : "channel broken";
		answered = answer(channel, payload, length);
		free(payload);
		if (!answered)
			return "a request without an id, or an answer that could not be sent";
		/* The agent is init and inherits every orphan. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

void serve(struct channel *channel)
{
	fprintf(stderr, "bpfgate: %s\n", serve_all(channel));
}

void serve_user(struct channel *channel)
{
	serve_all(channel);
}
