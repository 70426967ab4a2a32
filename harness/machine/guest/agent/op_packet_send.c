// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "during.h"
#include "memory.h"
#include "operation.h"
#include "request.h"

#define MAX_FRAMES 4096
#define MAX_FRAME 65535
#define MAX_PACKETS (1u << 20)
#define MAX_INTERVAL_US 1000000

struct frame {
	uint8_t *data;
	uint32_t length;
};

/* State of the sending thread. */
struct sending {
	int fd;
	struct sockaddr_ll to;
	struct frame *frames;
	uint32_t frame_count;
	uint32_t wanted;
	uint32_t interval_us;
	/* Offset in the frames at which to write the packet's number; UINT32_MAX: none. */
	uint32_t number_at;
	/* Packets sent or refused so far, and whether to continue beyond `wanted`. */
	_Atomic uint32_t tried;
	_Atomic bool go_on;
	uint32_t sent;
	int first_error;
};

static void *send_all(void *argument)
{
	struct sending *sending = argument;

	for (uint32_t n = 0; n < MAX_PACKETS && (n < sending->wanted || sending->go_on); n++) {
		struct frame *frame = &sending->frames[n % sending->frame_count];
		uint32_t number = htonl(n);

		work_pace(n, sending->wanted);
		if (sending->number_at != UINT32_MAX)
			memcpy(frame->data + sending->number_at, &number, sizeof(number));
		if (sendto(sending->fd, frame->data, frame->length, 0, (struct sockaddr *)&sending->to,
			   sizeof(sending->to)) >= 0)
			sending->sent++;
		else if (!sending->first_error)
			sending->first_error = errno;
		sending->tried = n + 1;
		if (sending->interval_us)
			pause_us(sending->interval_us);
	}
	return NULL;
}

static void take_frames(struct args *args, struct sending *sending)
{
	sending->frame_count = args_count(args, "frames", MAX_FRAMES);
	if (sending->frame_count == 0)
		args_complain(args, "frames", "is empty");
	if (!args_valid(args))
		return;
	sending->frames = memory_zeroed(sending->frame_count * sizeof(*sending->frames));
	for (uint32_t i = 0; i < sending->frame_count && args_valid(args); i++) {
		struct bytes bytes = args_bytes_at(args, "frames", i, MAX_FRAME);

		if (bytes.length == 0 ||
		    (sending->number_at != UINT32_MAX && (uint64_t)sending->number_at + 4 > bytes.length)) {
			args_complain(args, "frames", "has a frame that is empty, or too short for the number");
			return;
		}
		sending->frames[i].data = memory_copy(bytes.data, bytes.length);
		sending->frames[i].length = bytes.length;
	}
}

static void send_and_answer(struct args *args, struct sending *sending, uint32_t rounds, struct reply *reply)
{
	pthread_t thread;
	int error;

	sending->go_on = during_any(args);
	error = pthread_create(&thread, NULL, send_all, sending);
	if (error) {
		reply_fail(reply, error, "send packets");
		return;
	}
	reply_map(reply, sending->go_on ? 4 : 3);
	if (sending->go_on)
		during_run(args, rounds,
			   &(struct work){ .done = &sending->tried, .wanted = sending->wanted, .most = MAX_PACKETS },
			   reply);
	sending->go_on = false;
	while (sending->tried < sending->wanted) {
		pause_us(500);
		request_progress();
	}
	pthread_join(thread, NULL);
	reply_key_uint(reply, "tried", sending->tried);
	reply_key_uint(reply, "sent", sending->sent);
	reply_key_uint(reply, "errno", sending->first_error);
}

void op_packet_send(struct args *args, struct reply *reply)
{
	/*
	 * To wait for room in the device's queue; long, because the guest's clock jumps when the host
	 * pauses the guest.
	 */
	const struct timeval patience = { .tv_sec = 30 };
	uint32_t rounds = during_rounds(args);
	struct sending sending = {
		.to = { .sll_family = AF_PACKET, .sll_ifindex = (int)args_uint(args, "ifindex", INT32_MAX) },
		.interval_us = args_uint_or(args, "interval_us", MAX_INTERVAL_US, 0),
		.number_at = args_uint_or(args, "number_at", MAX_FRAME, UINT32_MAX),
		.fd = -1,
	};

	take_frames(args, &sending);
	sending.wanted = args_uint_or(args, "count", MAX_PACKETS, sending.frame_count);
	if (args_valid(args)) {
		/* Protocol 0: it only sends. */
		sending.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
		if (sending.fd < 0 || setsockopt(sending.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
			reply_fail(reply, errno, "send packets");
		else
			send_and_answer(args, &sending, rounds, reply);
		if (sending.fd >= 0)
			close(sending.fd);
	}
	for (uint32_t i = 0; sending.frames && i < sending.frame_count; i++)
		free(sending.frames[i].data);
	free(sending.frames);
}
