// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>

#include "handle_fd.h"
#include "operation.h"

void op_path_open(struct args *args, struct reply *reply)
{
	const char *path = args_string(args, "path");
	int fd;

	if (!args_valid(args))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		reply_fail(reply, errno, "open %s", path);
		return;
	}
	handle_fd_keep(fd, reply);
}
