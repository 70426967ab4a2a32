// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "user.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handle.h"
#include "payload.h"
#include "request.h"

/* The id of requests to users; there is never more than one request. */
#define REQUEST 1
/*
 * If the host stopped the guest for so long, the user was stopped too and may be about to answer.
 */
#define GRACE_MS 500
/* Milliseconds after which a process that does not answer is checked for having been stopped. */
#define LOOK_MS 500
/* Not an errno: a signal stopped the process. */
#define STOPPED (-1)

struct user *user_argument(struct args *args, const char *key, struct reply *reply)
{
	uint32_t id = args_uint(args, key, UINT32_MAX);
	struct handle *handle = handle_find(id, HANDLE_USER);

	if (!handle && args_valid(args))
		reply_fail(reply, EBADF, "user %u", id);
	return handle ? handle->user : NULL;
}

/* The argument `user` is only for the agent. */
static bool is_user(const msgpack_object *key)
{
	return key->type == MSGPACK_OBJECT_STR && key->via.str.size == strlen("user") &&
	       memcmp(key->via.str.ptr, "user", strlen("user")) == 0;
}

static bool ask(struct user *user, const char *op, const msgpack_object *args)
{
	uint32_t count = args && args->type == MSGPACK_OBJECT_MAP ? args->via.map.size : 0, left = 0;
	struct reply request;
	bool sent;

	for (uint32_t i = 0; i < count; i++)
		left += !is_user(&args->via.map.ptr[i].key);
	msgpack_sbuffer_init(&request.buffer);
	msgpack_packer_init(&request.packer, &request.buffer, msgpack_sbuffer_write);
	reply_map(&request, 3);
	reply_key_uint(&request, "id", REQUEST);
	reply_key_string(&request, "op", op);
	reply_key(&request, "args");
	reply_map(&request, left);
	for (uint32_t i = 0; i < count; i++) {
		const msgpack_object_kv *kv = &args->via.map.ptr[i];

		if (is_user(&kv->key))
			continue;
		msgpack_pack_object(&request.packer, kv->key);
		msgpack_pack_object(&request.packer, kv->val);
	}
	sent = channel_write(&user->channel, request.buffer.data, request.buffer.size);
	reply_free(&request);
	return sent;
}

/* 1 for the outcome, 0 for progress, -1 for anything else. */
static int understand(const uint8_t *payload, uint32_t length, struct reply *reply)
{
	char complaint[160] = "";
	msgpack_unpacked unpacked;
	int understood = -1;

	if (payload_decode(&unpacked, payload, length)) {
		struct args answer = {
			.map = &unpacked.data,
			.zone = unpacked.zone,
			.complaint = complaint,
			.complaint_size = sizeof(complaint),
		};
		const msgpack_object *ok = args_get(&answer, "ok"), *err = args_get(&answer, "err");

		if (args_uint(&answer, "id", UINT32_MAX) != REQUEST)
			understood = -1;
		else if (ok || err)
			understood = 1;
		else if (args_has(&answer, "progress"))
			understood = 0;
		if (understood > 0)
			reply_pass_on(reply, ok ? "ok" : "err", ok ? ok : err);
	}
	msgpack_unpacked_destroy(&unpacked);
	return understood;
}

static bool is_stopped(const struct user *user)
{
	siginfo_t info = { 0 };

	return waitid(P_PIDFD, user->pidfd, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* 0 when there is something to read, or an errno: ETIMEDOUT, STOPPED. */
static int await_input(const struct user *user)
{
	struct pollfd wait = { .fd = user->channel.fd, .events = POLLIN };

	for (int waited_ms = 0;; waited_ms += LOOK_MS) {
		int ready;

		while ((ready = poll(&wait, 1, LOOK_MS)) < 0 && errno == EINTR)
			;
		if (ready != 0)
			return ready < 0 ? EOWNERDEAD : 0;
		if (is_stopped(user))
			return STOPPED;
		if (waited_ms >= user->patience_ms + GRACE_MS)
			return ETIMEDOUT;
	}
}

/* 0 or an errno, STOPPED among them. */
static int await(struct user *user, struct reply *reply)
{
	for (;;) {
		int error = await_input(user), understood;
		enum channel_event event;
		uint8_t *payload;
		uint32_t length;

		if (error)
			return error;
		event = channel_read(&user->channel, &payload, &length);
		if (event != CHANNEL_FRAME)
			return event == CHANNEL_BROKEN ? EPROTO : EOWNERDEAD;
		understood = understand(payload, length, reply);
		free(payload);
		if (understood < 0)
			return EPROTO;
		if (understood > 0)
			return 0;
		request_progress();
	}
}

/* Kills the process and waits for it, even if it was reaped before. */
static siginfo_t end_process(const struct user *user)
{
	siginfo_t end = { 0 };

	syscall(SYS_pidfd_send_signal, user->pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, user->pidfd, &end, WEXITED) < 0 && errno == EINTR)
		;
	return end;
}

static void lose(struct user *user, const char *op, int error)
{
	siginfo_t end = end_process(user);

	user->lost = true;
	if (error == ETIMEDOUT)
		snprintf(user->end, sizeof(user->end), "hung in %.64s and was killed", op);
	else if (error == STOPPED)
		snprintf(user->end, sizeof(user->end), "was stopped in %.64s and was killed", op);
	else if (error == EPROTO)
		snprintf(user->end, sizeof(user->end), "sent an invalid answer to %.64s and was killed", op);
	else if (end.si_pid == 0)
		snprintf(user->end, sizeof(user->end), "ended before %.64s", op);
	else
		snprintf(user->end, sizeof(user->end), "ended in %.64s with %s %d", op,
			 end.si_code == CLD_EXITED ? "status" : "signal", end.si_status);
}

void user_forward(struct user *user, const char *op, const struct args *args, struct reply *reply)
{
	int error = EOWNERDEAD;

	if (!user->lost) {
		error = ask(user, op, args ? args->map : NULL) ? await(user, reply) : EOWNERDEAD;
		if (!error)
			return;
		lose(user, op, error);
	}
	reply_fail(reply, error == STOPPED ? EOWNERDEAD : error, "user %u %s", user->id, user->end);
}

void user_end(struct user *user)
{
	end_process(user);
	close(user->pidfd);
	close(user->channel.fd);
	close(user->passing);
	free(user);
}
