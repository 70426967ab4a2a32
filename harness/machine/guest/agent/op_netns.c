// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <unistd.h>

#include "handle_fd.h"
#include "netns.h"
#include "operation.h"

void op_netns_add(struct args *args, struct reply *reply)
{
	char path[64];
	int fd;

	if (!args_valid(args))
		return;
	fd = netns_make();
	if (fd < 0) {
		reply_fail(reply, fd, "create a network namespace");
		return;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", getpid(), fd);
	reply_map(reply, 2);
	reply_key_uint(reply, "netns", handle_fd_new(fd));
	reply_key_string(reply, "path", path);
}
