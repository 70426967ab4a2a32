// SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

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

void request_begin(struct channel *channel, uint64_t id)
{
	current.channel = channel;
	current.id = id;
	current.steps = 0;
	current.active = true;
	current.said_ns = clock_ns(CLOCK_MONOTONIC);
}

bool request_end(const struct reply *reply)
{
	bool sent;

	pthread_mutex_lock(&lock);
	current.active = false;
	sent = channel_write(current.channel, reply->buffer.data, reply->buffer.size);
	pthread_mutex_unlock(&lock);
	return sent;
}

bool request_bind(const uint8_t nonce[CHANNEL_NONCE])
{
	if (current.channel->bound)
		return false;
	memcpy(current.channel->nonce, nonce, CHANNEL_NONCE);
	current.channel->bound = true;
	return true;
}

void request_rubbish(const void *data, size_t length)
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

void request_progress(void)
{
	if (!current.active)
		return;
	pthread_mutex_lock(&lock);
	current.steps++;
	if (clock_ns(CLOCK_MONOTONIC) - current.said_ns >= SECOND_NS)
		say_progress();
	pthread_mutex_unlock(&lock);
}

void request_enter_call(void)
{
	pthread_mutex_lock(&lock);
	current.in_call = current.active;
	pthread_cond_signal(&call_entered);
	pthread_mutex_unlock(&lock);
}

void request_leave_call(void)
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

void request_start_watch(void)
{
	pthread_t thread;

	pthread_getcpuclockid(pthread_self(), &served_clock);
	if (pthread_create(&thread, NULL, watch, NULL) == 0)
		pthread_detach(thread);
	else
		fprintf(stderr, "bpfgate: cannot watch long calls\n");
}

pid_t request_fork(void)
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
