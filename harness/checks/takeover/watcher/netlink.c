// SPDX-License-Identifier: Apache-2.0
#include "netlink.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdbool.h>
#include <stdlib.h>

#include "text.h"

int netlink_dump(uint16_t type, const void *body, size_t size, message_fn *take, void *context)
{
	struct {
		struct nlmsghdr header;
		char body[64];
	} request = {
		.header = { .nlmsg_len = NLMSG_LENGTH(size), .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP, .nlmsg_seq = 1 },
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char *buffer = checked(malloc(1 << 16));
	bool more = true;
	int result = -1;

	memcpy(request.body, body, size);
	if (fd < 0 || send(fd, &request, request.header.nlmsg_len, 0) < 0)
		more = false;
	while (more) {
		ssize_t got = recv(fd, buffer, 1 << 16, 0);
		const struct nlmsghdr *message = (const struct nlmsghdr *)buffer;

		if (got <= 0)
			break;
		for (; NLMSG_OK(message, got); message = NLMSG_NEXT(message, got)) {
			if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
				result = message->nlmsg_type == NLMSG_DONE ? 0 : -1;
				more = false;
				break;
			}
			take(message, context);
		}
	}
	if (fd >= 0)
		close(fd);
	free(buffer);
	return result;
}

void netlink_attributes(const void *first, size_t size, const struct rtattr **table, unsigned count)
{
	const struct rtattr *each = first;

	memset(table, 0, count * sizeof(*table));
	for (; RTA_OK(each, size); each = RTA_NEXT(each, size)) {
		unsigned type = each->rta_type & NLA_TYPE_MASK;

		if (type < count)
			table[type] = each;
	}
}

uint32_t netlink_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (attribute && RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}
