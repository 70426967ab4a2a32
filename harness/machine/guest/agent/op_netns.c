// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "handle.h"
#include "netns.h"
#include "operation.h"

void op_netns_add(struct args *args, struct reply *reply)
{
	struct handle *handle;
	char path[64];
	int fd;

	if (!args_valid(args))
		return;
	fd = netns_make();
	if (fd < 0) {
		reply_fail(reply, fd, "make a network namespace");
		return;
	}
	handle = handle_new(HANDLE_FD);
	handle->fd = fd;
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	reply_map(reply, 2);
	reply_key_uint(reply, "netns", handle->id);
	reply_key_string(reply, "path", path);
}
