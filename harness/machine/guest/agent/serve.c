// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operation.h"
#include "payload.h"
#include "request.h"

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
	uint64_t id;
	bool sent = false;

	if (payload_decode(&unpacked, payload, length)) {
		char complaint[160] = "";
		struct args head = {
			.map = &unpacked.data,
			.zone = unpacked.zone,
			.complaint = complaint,
			.complaint_size = sizeof(complaint),
		};

		id = args_uint(&head, "id", UINT64_MAX);
		if (args_valid(&head) && id > 0) {
			request_begin(channel, id);
			reply_init(&reply, id);
			run(&unpacked.data, unpacked.zone, &reply);
			sent = request_end(&reply);
			reply_free(&reply);
		}
	}
	msgpack_unpacked_destroy(&unpacked);
	return sent;
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
