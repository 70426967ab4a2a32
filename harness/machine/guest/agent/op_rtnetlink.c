// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "handle_fd.h"
#include "netlink.h"
#include "operation.h"

#define MAX_BODY 2048
_Static_assert(MAX_BODY <= sizeof(((struct netlink_request *)0)->body), "a request has less room");

void op_rtnetlink(struct args *args, struct reply *reply)
{
	uint16_t type = args_uint(args, "type", UINT16_MAX);
	uint16_t flags = args_uint_or(args, "flags", UINT16_MAX, 0);
	struct bytes body = args_bytes(args, "body", MAX_BODY);
	struct netlink_request request;
	int error;

	if (!args_valid(args))
		return;
	memcpy(netlink_begin(&request, type, flags, body.length), body.data, body.length);
	for (uint32_t i = 0; i < args_count_or_none(args, "handles", UINT32_MAX) && args_valid(args); i++) {
		struct args element = args_element(args, "handles", i);
		uint64_t offset = args_uint(&element, "offset", UINT32_MAX);
		int32_t fd = handle_fd(&element);

		if (fd < 0)
			args_complain(args, "handles", "names nothing that has a file descriptor");
		else if (offset + sizeof(fd) > body.length)
			args_complain(args, "handles", "has an offset beyond the body");
		else
			memcpy(request.body + offset, &fd, sizeof(fd));
	}
	if (!args_valid(args))
		return;
	error = netlink_call(&request);
	reply_map(reply, 1);
	reply_key_uint(reply, "errno", -error);
}
