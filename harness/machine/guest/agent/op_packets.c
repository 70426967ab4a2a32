// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "handle_fd.h"
#include "memory.h"
#include "operation.h"
#include "sequence.h"
#include "request.h"

#define MAX_BUFFER (256u << 20)
#define BUFFER (16u << 20)
#define MAX_PACKET 65536
#define MAX_READ (32u << 20)
#define MAX_SEQUENCE (1u << 20)
#define MAX_QUIET_MS 10000

void op_capture_open(struct args *args, struct reply *reply)
{
	struct sockaddr_ll device = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)args_uint(args, "ifindex", INT32_MAX),
	};
	int buffer = (int)args_uint_or(args, "buffer", MAX_BUFFER, BUFFER);
	bool incoming = args_bool_or(args, "incoming", false);
	const int on = 1;
	int fd;

	if (!args_valid(args))
		return;
	/* Without a protocol it receives nothing before it is bound to the device. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) < 0 ||
	    (incoming && setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) < 0) ||
	    bind(fd, (struct sockaddr *)&device, sizeof(device)) < 0) {
		reply_fail(reply, errno, "capture on device %d", device.sll_ifindex);
		if (fd >= 0)
			close(fd);
		return;
	}
	handle_fd_keep(fd, reply);
}

/* Packets that did not fit into the queue; of a packet socket since the last call. */
static uint64_t lost_of(int fd)
{
	struct tpacket_stats statistics;
	uint32_t memory[SK_MEMINFO_VARS] = { 0 };
	socklen_t length = sizeof(statistics);

	if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) == 0)
		return statistics.tp_drops;
	length = sizeof(memory);
	getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length);
	return memory[SK_MEMINFO_DROPS];
}

struct packet {
	uint8_t *data;
	size_t length;
	uint64_t time_ns;
	bool outgoing;
};

/* Waits in two halves: if the host stops the guest during one, packets arrive in the other. */
static bool arrives(int fd, int quiet_ms)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };

	return poll(&polled, 1, quiet_ms / 2) > 0 || poll(&polled, 1, quiet_ms - quiet_ms / 2) > 0;
}

/* The next packet, truncated to MAX_PACKET. False if none arrived within `quiet_ms`. */
static bool receive(int fd, struct packet *packet, int quiet_ms)
{
	struct iovec part = { .iov_base = packet->data, .iov_len = MAX_PACKET };
	struct sockaddr_ll from = { 0 };
	uint8_t control[256] __attribute__((aligned(8)));
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);

	if (got < 0 && quiet_ms > 0 && arrives(fd, quiet_ms))
		got = recvmsg(fd, &message, MSG_DONTWAIT);
	if (got < 0)
		return false;
	packet->length = got;
	packet->time_ns = 0;
	packet->outgoing = from.sll_family == AF_PACKET && from.sll_pkttype == PACKET_OUTGOING;
	for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at; at = CMSG_NXTHDR(&message, at)) {
		struct timespec time;

		if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&time, CMSG_DATA(at), sizeof(time));
		packet->time_ns = (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
	}
	return true;
}

static void reply_packet(struct reply *reply, const struct packet *packet)
{
	reply_map(reply, 3);
	reply_key_bytes(reply, "data", packet->data, packet->length);
	reply_key_uint(reply, "time_ns", packet->time_ns);
	reply_key_bool(reply, "outgoing", packet->outgoing);
}

static void read_packets(int fd, int quiet_ms, struct reply *reply)
{
	struct packet packet = { .data = memory_zeroed(MAX_PACKET) };
	size_t read = 0, array;
	uint32_t count = 0;

	reply_map(reply, 3);
	reply_key(reply, "packets");
	array = reply_array_begin(reply);
	while (read < MAX_READ && receive(fd, &packet, quiet_ms)) {
		reply_packet(reply, &packet);
		read += packet.length + 64;
		count++;
		request_progress();
	}
	reply_array_end(reply, array, count);
	reply_key_bool(reply, "more", read >= MAX_READ);
	reply_key_uint(reply, "lost", lost_of(fd));
	free(packet.data);
}

void op_packets_read(struct args *args, struct reply *reply)
{
	int quiet_ms = (int)args_uint_or(args, "quiet_ms", MAX_QUIET_MS, 0);
	int fd = handle_fd_own(args, reply);

	if (fd >= 0)
		read_packets(fd, quiet_ms, reply);
}

/* Ranges of numbers that never arrived. */
static void reply_missing(struct reply *reply, const struct sequence *sequence)
{
	uint32_t count = 0, at = 0;
	size_t array;

	reply_key(reply, "missing");
	array = reply_array_begin(reply);
	while (at < sequence->expected) {
		uint32_t first = at;

		while (at < sequence->expected && !sequence->seen[at])
			at++;
		if (at > first) {
			reply_map(reply, 2);
			reply_key_uint(reply, "first", first);
			reply_key_uint(reply, "count", at - first);
			count++;
		}
		while (at < sequence->expected && sequence->seen[at])
			at++;
	}
	reply_array_end(reply, array, count);
}

void op_packets_account(struct args *args, struct reply *reply)
{
	struct bytes marker = args_bytes(args, "marker", MAX_PACKET);
	int quiet_ms = (int)args_uint_or(args, "quiet_ms", MAX_QUIET_MS, 0);
	struct sequence sequence = { .expected = args_uint(args, "expected", MAX_SEQUENCE) };
	struct packet packet = { 0 };
	int fd;

	if (marker.length == 0)
		args_complain(args, "marker", "is empty");
	fd = handle_fd_own(args, reply);
	if (fd < 0)
		return;
	sequence.seen = memory_zeroed(sequence.expected);
	packet.data = memory_zeroed(MAX_PACKET);
	while (receive(fd, &packet, quiet_ms)) {
		if (!packet.outgoing)
			sequence_note(&sequence, packet.data, packet.length, marker.data, marker.length);
		request_progress();
	}
	reply_map(reply, 5);
	reply_key_uint(reply, "arrived", sequence.arrived);
	reply_key_uint(reply, "repeated", sequence.repeated);
	reply_key_uint(reply, "others", sequence.others);
	reply_missing(reply, &sequence);
	reply_key_uint(reply, "lost", lost_of(fd));
	free(sequence.seen);
	free(packet.data);
}
