// SPDX-License-Identifier: Apache-2.0
#include "netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "memory.h"

#define RECEIVE_SIZE 32768

void *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = NLMSG_LENGTH(0);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_seq = 1;
	return netlink_reserve(request, size);
}

void *netlink_reserve(struct netlink_request *request, size_t size)
{
	uint8_t *at = (uint8_t *)request + NLMSG_ALIGN(request->header.nlmsg_len);

	if (NLMSG_ALIGN(request->header.nlmsg_len) + NLMSG_ALIGN(size) > sizeof(*request))
		abort();
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + size;
	return at;
}

void netlink_attribute(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attribute = netlink_reserve(request, RTA_LENGTH(size));

	attribute->rta_type = type;
	attribute->rta_len = RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
}

struct rtattr *netlink_nest(struct netlink_request *request, uint16_t type)
{
	struct rtattr *nest = netlink_reserve(request, RTA_LENGTH(0));

	nest->rta_type = type;
	return nest;
}

void netlink_nest_end(struct netlink_request *request, struct rtattr *nest)
{
	/* The padding after the last nested attribute belongs to the message too. */
	request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len);
	nest->rta_len = (uint8_t *)request + request->header.nlmsg_len - (uint8_t *)nest;
}

static int send_request(const struct netlink_request *request)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int error;

	if (fd < 0)
		return -errno;
	if (sendto(fd, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

static int error_of(const struct nlmsghdr *message)
{
	return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
}

int netlink_call(struct netlink_request *request)
{
	request->header.nlmsg_flags |= NLM_F_ACK;
	return netlink_dump(request, NULL, NULL);
}

int netlink_dump(struct netlink_request *request, void (*each)(const struct nlmsghdr *message, void *context),
		 void *context)
{
	char *buffer = memory_zeroed(RECEIVE_SIZE);
	int fd = send_request(request);
	int error = fd < 0 ? fd : 0;
	bool done = fd < 0;

	while (!done) {
		ssize_t got = recv(fd, buffer, RECEIVE_SIZE, 0);
		struct nlmsghdr *message = (struct nlmsghdr *)buffer;

		if (got < 0) {
			error = -errno;
			break;
		}
		for (; NLMSG_OK(message, got); message = NLMSG_NEXT(message, got)) {
			if (message->nlmsg_type == NLMSG_ERROR)
				error = error_of(message);
			if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
				done = true;
			else if (each)
				each(message, context);
		}
	}
	if (fd >= 0)
		close(fd);
	free(buffer);
	return error;
}
